package ccproxy.claude;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;

/// The lines of a stream as bytes, split at `\n` alone. One buffer serves all lines and shrinks
/// after a huge one. For one thread.
final class LineReader {
    /// An answer of 50 MB comes as one line; twice that is no answer.
    static final int LINE_BYTES_MAX = 100 << 20;

    private static final int BUFFER_BYTES = 64 << 10;

    private final InputStream in;
    private final int bytesMax;
    private byte[] buffer = new byte[BUFFER_BYTES];
    private int from;
    private int to;
    private int lineFrom;
    private int lineLength;

    LineReader(InputStream in, int bytesMax) {
        this.in = in;
        this.bytesMax = bytesMax;
    }

    /// Moves to the next line; what was read before it is void.
    ///
    /// @return whether there is one; a last line without `\n` is one
    /// @throws IOException also when a line is too long
    boolean next() throws IOException {
        int looked = from;
        for (; ; ) {
            for (int i = looked; i < to; i++) {
                if (buffer[i] != '\n') continue;
                found(i);
                from = i + 1;
                return true;
            }
            looked = to - from;
            if (!fill()) {
                if (from == to) return false;
                found(to);
                from = to;
                return true;
            }
            looked += from;
        }
    }

    private void found(int end) throws IOException {
        lineFrom = from;
        lineLength = end - from;
        if (lineLength > bytesMax) throw tooLong();
    }

    private IOException tooLong() {
        return new IOException("a line is longer than " + bytesMax + " bytes");
    }

    /// Makes room and reads once.
    private boolean fill() throws IOException {
        int held = to - from;
        if (held > bytesMax) throw tooLong();
        if (from > 0) System.arraycopy(buffer, from, buffer, 0, held);
        from = 0;
        to = held;
        if (held == 0 && buffer.length > BUFFER_BYTES) buffer = new byte[BUFFER_BYTES];
        if (to == buffer.length) buffer = Arrays.copyOf(buffer, 2 * buffer.length);
        int count = in.read(buffer, to, buffer.length - to);
        if (count < 0) return false;
        to += count;
        return true;
    }

    /// {@return a copy of the line}
    byte[] line() {
        return Arrays.copyOfRange(buffer, lineFrom, lineFrom + lineLength);
    }

    /// {@return the length of the line}
    int length() {
        return lineLength;
    }
}
