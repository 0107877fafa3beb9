package ccproxy.convert;

import ccproxy.wire.Field;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Locale;

/// A `data:` URL (RFC 2397), or bare base64, which some clients send for files.
///
/// @param mediaType lower case, `""` when the client named none
/// @param base64 the content, not empty
record DataUrl(String mediaType, String base64) {
    private static final int SCHEME_CHARACTERS = "data:".length();

    /// {@return what stands in a field}
    static DataUrl parse(Field field) {
        String url = field.nonEmptyText();
        if (!isScheme(url, "data:")) return ofBase64(field, "", url);
        int comma = url.indexOf(',');
        if (comma < 0) throw field.invalid("expected a data URL with a comma");
        List<String> parts = List.of(url.substring(SCHEME_CHARACTERS, comma).split(";", -1));
        String type = parts.getFirst().strip().toLowerCase(Locale.ROOT);
        String data = url.substring(comma + 1);
        if (parts.stream().anyMatch(p -> p.strip().equalsIgnoreCase("base64")))
            return ofBase64(field, type, data);
        byte[] bytes = percentDecoded(field, data);
        if (bytes.length == 0) throw nothing(field);
        return new DataUrl(
                type.isEmpty() ? "text/plain" : type, Base64.getEncoder().encodeToString(bytes));
    }

    /// {@return whether a URL has a scheme, given with its colon}
    static boolean isScheme(String url, String scheme) {
        return url.regionMatches(true, 0, scheme, 0, scheme.length());
    }

    private static DataUrl ofBase64(Field field, String type, String data) {
        String base64 = data.replaceAll("\\s", "").replace('-', '+').replace('_', '/');
        try {
            if (Base64.getDecoder().decode(base64).length == 0) throw nothing(field);
        } catch (IllegalArgumentException _) {
            throw field.invalid("expected base64 data");
        }
        return new DataUrl(type, base64);
    }

    private static RuntimeException nothing(Field field) {
        return field.invalid("expected data, found none");
    }

    private static byte[] percentDecoded(Field field, String data) {
        byte[] bytes = data.getBytes(StandardCharsets.UTF_8);
        var decoded = new ByteArrayOutputStream(bytes.length);
        for (int i = 0; i < bytes.length; i++) {
            if (bytes[i] != '%') {
                decoded.write(bytes[i]);
                continue;
            }
            boolean isPair = i + 2 < bytes.length;
            int high = isPair ? Character.digit(bytes[i + 1], 16) : -1;
            int low = isPair ? Character.digit(bytes[i + 2], 16) : -1;
            if (high < 0 || low < 0) throw field.invalid("expected percent-encoded data");
            decoded.write(high << 4 | low);
            i += 2;
        }
        return decoded.toByteArray();
    }

    /// {@return the first bytes of the content, up to 12}
    byte[] head() {
        return Base64.getDecoder().decode(base64.substring(0, Math.min(16, base64.length() & ~3)));
    }

    /// {@return `text/plain` when the content is text, `""` when it is not}
    String textType() {
        try {
            ByteBuffer bytes = ByteBuffer.wrap(Base64.getDecoder().decode(base64));
            boolean isText =
                    StandardCharsets.UTF_8
                            .newDecoder()
                            .decode(bytes)
                            .chars()
                            .noneMatch(c -> c == 0);
            return isText ? "text/plain" : "";
        } catch (CharacterCodingException _) {
            return "";
        }
    }

    /// {@return the content as text}
    String text() {
        return new String(Base64.getDecoder().decode(base64), StandardCharsets.UTF_8);
    }
}
