package ccproxy.claude;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;

/// The body of a response, whatever frames it (RFC 9112 §6, §7): its end is told only when it was
/// reached, and a body cut short is an error. Reads end in time as the connection's do.
final class ResponseBody extends InputStream {
    /// What the next line of a chunked body is.
    private enum Line {
        SIZE,
        END_OF_DATA,
        TRAILER
    }

    private final HttpConnection connection;
    private final boolean isChunked;
    private final Runnable atEnd;
    private Line next = Line.SIZE;
    private int trailerBytes;
    private long left; // of the chunk, or of the body
    private boolean isEnded;
    private long lastReadNanos;
    private boolean hasRead;

    /// @param length in bytes, or as [ResponseHead#bodyLength()] says otherwise
    /// @param atEnd told once, when all of it was read: then the connection is no longer read
    ResponseBody(HttpConnection connection, long length, Runnable atEnd) {
        this.connection = connection;
        this.isChunked = length == ResponseHead.CHUNKED;
        this.atEnd = atEnd;
        this.left = length == ResponseHead.UNTIL_CLOSE ? Long.MAX_VALUE : Math.max(0, length);
        if (length == 0) end();
    }

    /// {@return whether anything came yet}
    boolean hasRead() {
        return hasRead;
    }

    /// {@return when something came last, on the clock of [System#nanoTime()]}
    long lastReadNanos() {
        return lastReadNanos;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    /// Gives what one read of the connection brought, of as many chunks as that is.
    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
        int total = 0;
        while (total < length && (total == 0 || isBuffered())) {
            while (left == 0 && !isEnded) line(connection.line());
            if (isEnded) return total == 0 ? -1 : total;
            int count =
                    connection.read(bytes, offset + total, (int) Math.min(left, length - total));
            if (count < 0) return cut();
            total += count;
            took(count);
        }
        return total;
    }

    private void took(int count) {
        hasRead = true;
        lastReadNanos = System.nanoTime();
        if (left == Long.MAX_VALUE) return;
        left -= count;
        if (left == 0 && !isChunked) end();
    }

    /// The end of the connection ends a body of no length, and cuts any other.
    private int cut() throws IOException {
        if (left != Long.MAX_VALUE) throw new EOFException("the body was cut short");
        end();
        return -1;
    }

    /// Whether something of the body is in the connection's buffer, or its end.
    private boolean isBuffered() throws IOException {
        while (left == 0 && !isEnded) {
            int length = connection.bufferedLine();
            if (length < 0) return false;
            line(length);
        }
        return isEnded || connection.buffered() > 0;
    }

    /// Reads a line between the data of two chunks, or after the last.
    private void line(int length) throws IOException {
        switch (next) {
            case SIZE -> {
                left = size(length);
                next = left == 0 ? Line.TRAILER : Line.END_OF_DATA;
            }
            case END_OF_DATA -> {
                if (length > 0) throw new IOException("a chunk is longer than its size");
                next = Line.SIZE;
            }
            case TRAILER -> trailerBytes += length;
        }
        if (trailerBytes > HttpConnection.LINES_BYTES_MAX) throw new IOException("a long trailer");
        connection.skipLine(length);
        if (next == Line.TRAILER && length == 0) end();
    }

    /// The size of a chunk: hexadecimal digits, and perhaps extensions, which nobody uses.
    private long size(int length) throws IOException {
        long size = 0;
        int digits = 0;
        while (digits < length && Character.digit(connection.at(digits), 16) >= 0) {
            size = size << 4 | Character.digit(connection.at(digits++), 16);
            if (digits > 15) throw new IOException("a chunk is too large");
        }
        boolean isWhole = digits == length || " \t;".indexOf(connection.at(digits)) >= 0;
        if (digits == 0 || !isWhole) throw new IOException("a chunk has no size");
        return size;
    }

    private void end() {
        isEnded = true;
        left = 0;
        atEnd.run();
    }

    /// {@return 1 when a read would not wait, else 0}
    @Override
    public int available() throws IOException {
        return isBuffered() || !isEnded && connection.hasMore() ? 1 : 0;
    }
}
