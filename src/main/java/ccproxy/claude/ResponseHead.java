package ccproxy.claude;

import ccproxy.wire.Ascii;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// The status and the headers of a response (RFC 9112 §4, §5), and what they say of its body.
///
/// @param version the minor version: 0 or 1
/// @param status from 100 to 599
/// @param headers by lower-case name
record ResponseHead(int version, int status, Map<String, List<String>> headers) {
    /// A body that ends with the connection.
    static final long UNTIL_CLOSE = -1;

    /// A body in chunks.
    static final long CHUNKED = -2;

    /// A server may send as many interim responses before the real one.
    private static final int INTERIM_MAX = 8;

    /// So many fit a long.
    private static final int LENGTH_DIGITS_MAX = 18;

    /// `HTTP/1.1 200`, and what a server calls it.
    private static final int STATUS_LINE_LENGTH_MIN = 12;

    /// Reads on from line to line; a wait that ends loses nothing.
    static final class Reader {
        private final HttpConnection connection;
        private final List<String> lines = new ArrayList<>();
        private int interims;
        private int bytes;

        Reader(HttpConnection connection) {
            this.connection = connection;
        }

        /// {@return the head of the response; those of interim ones (`100 Continue`) are skipped}
        ///
        /// @throws java.net.SocketTimeoutException when it is not all there in time; call again
        /// @throws IOException when it is no HTTP/1.1, or too much
        ResponseHead read() throws IOException {
            for (; ; ) {
                String line = line();
                if (!line.isEmpty()) {
                    lines.add(line);
                    continue;
                }
                ResponseHead head = of(lines);
                if (head.status >= 200) return head;
                if (head.status == 101) throw new IOException("unasked 101 Switching Protocols");
                if (++interims > INTERIM_MAX) throw new IOException("too many interim responses");
                lines.clear();
            }
        }

        private String line() throws IOException {
            int length = connection.line();
            bytes += length;
            if (bytes > HttpConnection.LINES_BYTES_MAX) throw new IOException("too many headers");
            var text = new byte[length];
            for (int i = 0; i < length; i++) text[i] = connection.at(i);
            connection.skipLine(length);
            return new String(text, StandardCharsets.ISO_8859_1);
        }
    }

    private static ResponseHead of(List<String> lines) throws IOException {
        String first = lines.isEmpty() ? "" : lines.getFirst();
        if (!isStatusLine(first)) throw new IOException("this is not HTTP/1.1");
        var headers = new HashMap<String, List<String>>();
        for (String line : lines.subList(1, lines.size())) {
            int colon = line.indexOf(':');
            if (colon <= 0 || !isName(line, colon)) throw new IOException("a header has no name");
            String value = line.substring(colon + 1);
            if (!isValue(value)) throw new IOException("a header holds control characters");
            headers.computeIfAbsent(
                            line.substring(0, colon).toLowerCase(Locale.ROOT),
                            _ -> new ArrayList<>(1))
                    .add(value.strip());
        }
        return new ResponseHead(
                first.charAt(7) - '0', Integer.parseInt(first.substring(9, 12)), headers);
    }

    private static boolean isStatusLine(String line) {
        return line.length() >= STATUS_LINE_LENGTH_MIN
                && (line.startsWith("HTTP/1.1 ") || line.startsWith("HTTP/1.0 "))
                && line.charAt(9) >= '1'
                && line.charAt(9) <= '5'
                && Ascii.isDigits(line, 10, STATUS_LINE_LENGTH_MIN)
                && (line.length() == STATUS_LINE_LENGTH_MIN
                        || line.charAt(STATUS_LINE_LENGTH_MIN) == ' ')
                && isValue(line);
    }

    private static boolean isLength(String text) {
        return !text.isEmpty()
                && text.length() <= LENGTH_DIGITS_MAX
                && Ascii.isDigits(text, 0, text.length());
    }

    /// {@return whether the first `length` characters are a token (RFC 9110 §5.6.2)}
    static boolean isName(String text, int length) {
        for (int i = 0; i < length; i++) {
            char c = text.charAt(i);
            boolean isToken =
                    c >= 'a' && c <= 'z'
                            || c >= 'A' && c <= 'Z'
                            || c >= '0' && c <= '9'
                            || "!#$%&'*+-.^_`|~".indexOf(c) >= 0;
            if (!isToken) return false;
        }
        return length > 0;
    }

    /// {@return whether a header may hold this: no line end, no other control but a tab}
    static boolean isValue(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c < ' ' && c != '\t' || c == 0x7F || c > 0xFF) return false;
        }
        return true;
    }

    /// {@return the first value of a header, `""` when there is none}
    String header(String name) {
        return headers.getOrDefault(name, List.of("")).getFirst();
    }

    /// {@return the bytes of the body, or [#CHUNKED], or [#UNTIL_CLOSE]} (RFC 9112 §6.3)
    ///
    /// @throws IOException when two readers could disagree about it
    long bodyLength() throws IOException {
        if (status == 204 || status == 304) return 0;
        List<String> codings = headers.getOrDefault("transfer-encoding", List.of());
        List<String> lengths = headers.getOrDefault("content-length", List.of());
        if (!codings.isEmpty()) {
            boolean isChunked =
                    codings.size() == 1 && codings.getFirst().equalsIgnoreCase("chunked");
            if (!isChunked || version == 0) throw new IOException("an unknown transfer-encoding");
            if (!lengths.isEmpty()) throw new IOException("a length beside chunks");
            return CHUNKED;
        }
        if (lengths.isEmpty()) return UNTIL_CLOSE;
        String length = lengths.getFirst();
        boolean isAgreed = lengths.stream().allMatch(length::equals);
        if (!isAgreed || !isLength(length)) throw new IOException("a wrong length");
        return Long.parseLong(length);
    }

    /// {@return whether the connection serves on after this response}
    boolean isKept() {
        if (version == 0) return false;
        for (String value : headers.getOrDefault("connection", List.of())) {
            for (String option : value.split(",")) {
                if (option.strip().equalsIgnoreCase("close")) return false;
            }
        }
        return true;
    }
}
