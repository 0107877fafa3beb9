package ccproxy.claude;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.EOFException;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;

/// One answer, whatever its bytes, and the connection that it is read from: for tests of what bytes
/// mean. Characters are bytes here.
final class RawAnswer implements AutoCloseable {
    private final RawUpstream upstream;
    private final HttpConnection connection = new HttpConnection();
    private final ResponseHead.Reader reader = new ResponseHead.Reader(connection);
    private int ends;

    RawAnswer(RawUpstream.Play play) throws IOException {
        this.upstream = new RawUpstream(play);
        connection.open("127.0.0.1", upstream.port(), in(5000));
        connection.readUntil(in(5000));
    }

    /// Says this, then closes.
    static RawAnswer of(String bytes) throws IOException {
        return new RawAnswer(c -> c.bytes(bytes));
    }

    /// Says this, then nothing.
    static RawAnswer open(String bytes) throws IOException {
        return new RawAnswer(c -> {
            c.bytes(bytes);
            c.isClosedByClient();
        });
    }

    /// The body of an answer, whose upstream does not close.
    static String body(String bytes) throws IOException {
        try (var answer = open(bytes)) {
            return answer.body();
        }
    }

    /// Why an answer is refused: not by waiting, and not because it ended.
    static String refusal(String bytes) throws IOException {
        try (var answer = open(bytes)) {
            IOException e = assertThrows(IOException.class, answer::body);
            assertEquals(IOException.class, e.getClass(), e::toString);
            return e.getMessage();
        }
    }

    /// Says that an answer whose upstream closes here is none.
    static void assertCut(String bytes) throws IOException {
        try (var answer = of(bytes)) {
            assertThrows(EOFException.class, answer::body, bytes);
        }
    }

    private static long in(long millis) {
        return System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
    }

    HttpConnection connection() {
        return connection;
    }

    ResponseHead head() throws IOException {
        return reader.read();
    }

    /// The whole body, read to its end, which is told once.
    String body() throws IOException {
        try (ResponseBody body = body(head())) {
            String all = new String(body.readAllBytes(), StandardCharsets.ISO_8859_1);
            assertEquals(1, ends);
            return all;
        }
    }

    private ResponseBody body(ResponseHead head) throws IOException {
        return new ResponseBody(connection, head.bodyLength(), () -> ends++);
    }

    /// What there is to read within a few milliseconds at a time.
    ///
    /// @param ifQuiet done whenever nothing came in time
    String bodyInPieces(Runnable ifQuiet) throws IOException {
        var all = new StringBuilder();
        ResponseBody body = null;
        byte[] piece = new byte[100];
        while (true) {
            connection.readUntil(in(2));
            try {
                if (body == null) body = body(reader.read());
                int count = body.read(piece, 0, piece.length);
                if (count < 0) break;
                all.append(new String(piece, 0, count, StandardCharsets.ISO_8859_1));
            } catch (SocketTimeoutException _) {
                ifQuiet.run();
            }
        }
        assertEquals(1, ends);
        return all.toString();
    }

    @Override
    public void close() throws IOException {
        connection.close();
        upstream.close();
    }
}
