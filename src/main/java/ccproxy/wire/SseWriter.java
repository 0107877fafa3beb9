package ccproxy.wire;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/// Writes server-sent events. Nothing leaves before [#flush()]: whoever writes knows when more is
/// at hand and when the client has waited long enough.
public final class SseWriter {
    private static final byte[] DATA = ascii("data: ");
    private static final byte[] END = ascii("\n\n");
    private static final byte[] COMMENT = ascii(": ping\n\n");
    private static final byte[] PING = SseEvent.of("ping", ascii("{\"type\": \"ping\"}")).raw();

    private final OutputStream out;

    /// Writes to `out`, which the caller closes.
    public SseWriter(OutputStream out) {
        this.out = out;
    }

    /// Writes an event as it came.
    public void event(SseEvent event) throws IOException {
        out.write(event.raw());
    }

    /// Writes an event of data only, on one line.
    public void data(byte[] line) throws IOException {
        out.write(DATA);
        out.write(line);
        out.write(END);
    }

    /// Writes a comment, which no client reads: the ping of Chat Completions.
    public void comment() throws IOException {
        out.write(COMMENT);
    }

    /// Writes the ping of the Messages API.
    public void ping() throws IOException {
        out.write(PING);
    }

    /// Sends what was written.
    public void flush() throws IOException {
        out.flush();
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
