package ccproxy.http;

import ccproxy.observe.Trace;
import ccproxy.wire.TraceLine;
import java.io.ByteArrayOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;

/// A streamed response that is traced: a line a frame, once it is written. For one thread.
final class TracedOutput extends FilterOutputStream {
    private final Trace trace;
    private final ByteArrayOutputStream frame = new ByteArrayOutputStream();
    private int last;

    TracedOutput(OutputStream out, Trace trace) {
        super(out);
        this.trace = trace;
    }

    @Override
    public void write(int b) throws IOException {
        write(new byte[] {(byte) b}, 0, 1);
    }

    /// An event is written at once, or in pieces of which the last ends with an empty line. One
    /// that ends otherwise (CRLF) is whole when it is flushed.
    @Override
    public void write(byte[] bytes, int from, int length) throws IOException {
        out.write(bytes, from, length);
        frame.write(bytes, from, length);
        int end = from + length;
        if (length > 1) last = bytes[end - 2];
        boolean isEnd = length > 0 && bytes[end - 1] == '\n' && last == '\n';
        if (length > 0) last = bytes[end - 1];
        if (isEnd) told();
    }

    @Override
    public void flush() throws IOException {
        out.flush();
        told();
    }

    private void told() {
        if (frame.size() > 0) trace.response(TraceLine.frame(frame.toByteArray()));
        frame.reset();
    }
}
