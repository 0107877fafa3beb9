package ccproxy.http;

import ccproxy.wire.ApiException;
import ccproxy.wire.ErrorKind;
import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.Locale;

/// The body of one request: read within a limit, or read away. What it costs in memory is taken
/// from the server's [Load] as its bytes arrive, whatever length it claims.
final class RequestBody {
    /// Of a body that nobody wants: enough for a client that sends on until it reads the error.
    private static final long DRAINED_BYTES_MAX = 256L << 20;

    /// So much memory a client gets for the mere announcement of a body.
    private static final int EXACT_BYTES_MAX = 64 << 10;

    /// Of memory that a byte takes before the request is on its way: itself, the text that it is
    /// read to, and what is made of it; measured with bodies of 32 MB.
    private static final int COST_PER_BYTE = 3;

    /// Of a value in the tree that it is read to, beside its bytes.
    private static final int COST_PER_VALUE = 32;

    private final HttpExchange http;
    private final Load.Share share;
    private boolean isAtEnd;

    /// @param share of memory; whoever ends the exchange releases it
    RequestBody(HttpExchange http, Load.Share share) {
        this.http = http;
        this.share = share;
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
                share.take(length * COST_PER_BYTE, false);
                byte[] body = new byte[(int) length];
                int count = in.readNBytes(body, 0, body.length);
                return count == body.length ? body : Arrays.copyOf(body, count);
            }
            share.check(Math.max(0, length) * COST_PER_BYTE);
            return readLarge(in, length < 0 ? bytesMax : (int) Math.min(length, bytesMax));
        } catch (IndexOutOfBoundsException _) {
            // The JDK reads the length of a chunk into an int; one beyond it comes out negative.
            throw badChunks();
        } catch (IOException e) {
            // Nothing but its words tells bad framing from a client that left (ChunkedInputStream).
            if (String.valueOf(e.getMessage()).startsWith("invalid chunk")) throw badChunks();
            throw e;
        }
    }

    /// Doubles its room until all has come: what is not there yet costs little.
    private byte[] readLarge(InputStream in, int bytesMax) throws IOException {
        byte[] body = new byte[0];
        int room = Math.min(bytesMax, EXACT_BYTES_MAX);
        for (; ; ) {
            int size = body.length;
            boolean isLarge = room > EXACT_BYTES_MAX;
            share.take((long) (room - size) * COST_PER_BYTE, isLarge);
            body = Arrays.copyOf(body, room);
            int count = in.readNBytes(body, size, room - size);
            share.take((long) values(body, size, count) * COST_PER_VALUE, isLarge);
            if (size + count < room) return Arrays.copyOf(body, size + count);
            if (room == bytesMax) return body;
            room = (int) Math.min(bytesMax, 2L * room);
        }
    }

    /// Values have a comma, a bracket or a brace each. Those in texts are counted too: they are
    /// few.
    private static int values(byte[] body, int from, int count) {
        int values = 0;
        for (int i = from; i < from + count; i++) {
            byte b = body[i];
            if (b == ',' || b == '[' || b == '{') values++;
        }
        return values;
    }

    /// Gives the memory back; the body is on its way, or of no more use.
    void release() {
        share.release();
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
        return HeaderText.first(http.getRequestHeaders(), name);
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
