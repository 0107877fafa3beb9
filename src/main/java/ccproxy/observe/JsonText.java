package ccproxy.observe;

/// Text as a JSON string, cut to a size. Written by hand: a log line must not depend on anything
/// that may itself want to log.
final class JsonText {
    private static final String HEX = "0123456789abcdef";

    private static final String ELLIPSIS = "…";

    /// The quotes and the ellipsis: what a string costs beyond its characters, in bytes.
    static final int OVERHEAD_BYTES = 5;

    private JsonText() {}

    /// Appends `text` in quotes, cut with `…` so that it takes at most `bytesMax` bytes of UTF-8.
    /// Control characters and the line separators U+2028 and U+2029 are escaped, so the result has
    /// no line break for any reader; a lone surrogate becomes U+FFFD, as it has no UTF-8 form.
    static void append(StringBuilder out, String text, int bytesMax) {
        out.append('"');
        if (isPlain(text) && text.length() <= bytesMax - OVERHEAD_BYTES) out.append(text);
        else appendEscaped(out, text, bytesMax - OVERHEAD_BYTES);
        out.append('"');
    }

    private static void appendEscaped(StringBuilder out, String text, int bytesMax) {
        int room = bytesMax;
        for (int i = 0; i < text.length(); ) {
            int codePoint = text.codePointAt(i);
            String escaped = escape(codePoint);
            room -= escaped.isEmpty() ? bytes(codePoint) : escaped.length();
            if (room < 0) {
                out.append(ELLIPSIS);
                return;
            }
            if (escaped.isEmpty()) out.appendCodePoint(codePoint);
            else out.append(escaped);
            i += Character.charCount(codePoint);
        }
    }

    /// {@return the escape of a character that may not stand for itself, else nothing}
    private static String escape(int codePoint) {
        return switch (codePoint) {
            case '"' -> "\\\"";
            case '\\' -> "\\\\";
            case '\n' -> "\\n";
            case '\r' -> "\\r";
            case '\t' -> "\\t";
            default -> mustEscape(codePoint) ? hex(codePoint) : "";
        };
    }

    private static boolean mustEscape(int codePoint) {
        // C1 controls move a terminal's cursor just as C0 ones do.
        return Character.isISOControl(codePoint)
                || codePoint == 0x2028
                || codePoint == 0x2029
                || isLoneSurrogate(codePoint);
    }

    private static boolean isLoneSurrogate(int codePoint) {
        return codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE;
    }

    private static boolean isPlain(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c < ' ' || c > '~' || c == '"' || c == '\\') return false;
        }
        return true;
    }

    private static String hex(int codePoint) {
        int shown = isLoneSurrogate(codePoint) ? 0xFFFD : codePoint;
        var out = new StringBuilder("\\u");
        for (int shift = 12; shift >= 0; shift -= 4) out.append(HEX.charAt(shown >> shift & 0xF));
        return out.toString();
    }

    private static int bytes(int codePoint) {
        if (codePoint < 0x80) return 1;
        if (codePoint < 0x800) return 2;
        return codePoint < 0x10000 ? 3 : 4;
    }
}
