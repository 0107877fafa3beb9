package ccproxy.http;

import ccproxy.wire.ApiException;
import ccproxy.wire.ErrorKind;
import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.Locale;

/// The body of one request: read within a limit, or read away.
final class RequestBody {
    /// Of a body that nobody wants: enough for a client that sends on until it reads the error.
    private static final long DRAINED_BYTES_MAX = 256L << 20;

    /// So much memory a client gets for the mere announcement of a body.
    private static final int EXACT_BYTES_MAX = 64 << 10;

    private final HttpExchange http;
    private boolean isAtEnd;

    RequestBody(HttpExchange http) {
        this.http = http;
    }

    /// {@return the whole body}
    ///
    /// @throws ApiException when it is too large, or no JSON by its own word, or has no good frame
    byte[] json(long bytesMax) throws IOException {
        String type = header("content-type").toLowerCase(Locale.ROOT).split(";")[0].strip();
        if (!type.isEmpty() && !type.equals("application/json") && !type.endsWith("+json")) {
            throw new ApiException(
                    ErrorKind.INVALID_REQUEST,
                    "content-type: expected application/json, found " + type);
        }
        if (length() > bytesMax) throw tooLarge(bytesMax, length());
        byte[] body = read((int) Math.min(Integer.MAX_VALUE - 8, bytesMax + 1));
        if (body.length > bytesMax) throw tooLarge(bytesMax, body.length);
        isAtEnd = true;
        if (body.length < length()) throw new ClientGoneException();
        return body;
    }

    private byte[] read(int bytesMax) throws IOException {
        try {
            InputStream in = http.getRequestBody();
            // Of the length it says, if that costs little: no buffer to grow, no end to look for.
            long length = length();
            if (length >= 0 && length <= EXACT_BYTES_MAX) {
                byte[] body = new byte[(int) length];
                int count = in.readNBytes(body, 0, body.length);
                return count == body.length ? body : Arrays.copyOf(body, count);
            }
            return in.readNBytes(bytesMax);
        } catch (IndexOutOfBoundsException _) {
            // The JDK reads the length of a chunk into an int; one beyond it comes out negative.
            throw badChunks();
        } catch (IOException e) {
            // Nothing but its words tells bad framing from a client that left (ChunkedInputStream).
            if (String.valueOf(e.getMessage()).startsWith("invalid chunk")) throw badChunks();
            throw e;
        }
    }

    private static ApiException badChunks() {
        return new ApiException(
                ErrorKind.INVALID_REQUEST,
                "body: expected chunks as transfer-encoding says, found something else");
    }

    private static ApiException tooLarge(long bytesMax, long found) {
        return new ApiException(
                ErrorKind.TOO_LARGE,
                "body: expected at most "
                        + bytesMax
                        + " bytes, found "
                        + (found > bytesMax + 1 ? found : "more"));
    }

    private String header(String name) {
        String value = http.getRequestHeaders().getFirst(name);
        return value == null ? "" : value;
    }

    private long length() {
        try {
            return Long.parseLong(header("content-length"));
        } catch (NumberFormatException _) {
            return -1;
        }
    }

    /// {@return whether nothing of it is left on the connection}
    boolean isRead() {
        return isAtEnd || length() <= 0 && header("transfer-encoding").isEmpty();
    }

    /// Reads on what the client still sends, so that it comes to read the reply: a close with bytes
    /// unread would reset the connection and take the reply with it (RFC 9112 §9.6). A client that
    /// leaves meanwhile has had its reply.
    void drain() {
        byte[] buffer = new byte[16 << 10];
        try {
            InputStream in = http.getRequestBody();
            long drained = 0;
            for (int count = in.read(buffer);
                    count >= 0 && drained < DRAINED_BYTES_MAX;
                    count = in.read(buffer)) {
                drained += count;
            }
        } catch (IOException | IndexOutOfBoundsException _) {
            // There is nothing more to read.
        }
    }
}
