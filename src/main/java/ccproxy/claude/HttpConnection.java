package ccproxy.claude;

import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;

/// One connection to the upstream: bytes out, bytes and lines in, on the thread that calls. Reads
/// end in time ([#readUntil]) and lose nothing then: call again. What the bytes mean is for
/// [ResponseHead] and [ResponseBody].
///
/// ```
/// new ──open──▶ open ──write──▶ ◀──lines, bytes──▶ kept by Upstream ──▶ write …
///  └─────────────┴── close, by any thread ──▶ closed: whoever reads or writes fails at once
/// ```
///
/// For one reader and one writer.
final class HttpConnection implements Closeable {
    /// All headers, or a line of a chunked body. Servers send a few kB.
    static final int LINES_BYTES_MAX = 64 << 10;

    /// What one read may bring: thirty events, or a whole answer of the usual size.
    private static final int BUFFER_BYTES = 4 << 10;

    /// After so long an upstream may have closed, and a look is worth its millisecond.
    private static final long FRESH_NANOS = TimeUnit.SECONDS.toNanos(1);

    private volatile DeadlineSocket plain = new DeadlineSocket();
    private volatile boolean isClosed;
    private InputStream arriving = InputStream.nullInputStream();
    private InputStream in = arriving;
    private OutputStream out;
    private byte[] buffer = new byte[BUFFER_BYTES];
    private int start;
    private int end;
    private long until;
    private boolean hasReadSince;
    private boolean hasRead;
    private boolean isFilled;
    private long keptNanos;

    /// Connects to the first address of `host` that answers; each gets its share of the time, so
    /// that one that swallows packets does not use up all of it.
    ///
    /// @param until on the clock of [System#nanoTime()]
    /// @throws SocketTimeoutException when it is over
    void open(String host, int port, long until) throws IOException {
        InetAddress[] addresses = InetAddress.getAllByName(host);
        for (int i = 0; ; i++) {
            long share = (until - System.nanoTime()) / (addresses.length - i);
            try {
                connect(new InetSocketAddress(addresses[i], port), share);
                return;
            } catch (IOException e) {
                if (isClosed || i + 1 == addresses.length) throw e;
            }
        }
    }

    private void connect(InetSocketAddress address, long nanos) throws IOException {
        var next = new DeadlineSocket();
        plain = next;
        try {
            if (isClosed) throw new SocketException("closed");
            next.connect(address, DeadlineSocket.millis(nanos));
            // A request leaves now, not with the next one; a silent stream outlives a NAT's table.
            next.setTcpNoDelay(true);
            next.setKeepAlive(true);
            arriving = next.getInputStream();
            use(next);
        } catch (IOException e) {
            next.close();
            throw e;
        }
    }

    private void use(Socket next) throws IOException {
        in = next == plain ? arriving : next.getInputStream();
        out = next.getOutputStream();
    }

    /// Goes on in TLS: whatever was read or written so far was for a proxy on the way.
    void secure(Tls tls, String host, int port, long until) throws IOException {
        if (start != end) throw new IOException("the proxy spoke before it was asked");
        plain.deadline(until);
        use(tls.over(plain, host, port));
    }

    /// Sends bytes.
    void write(byte[] bytes) throws IOException {
        out.write(bytes);
    }

    /// Sets until when reads may wait, together: bytes that never make an event (comments) must not
    /// hold the reader for ever. What is there already is always given, once.
    ///
    /// @param until on the clock of [System#nanoTime()]
    void readUntil(long until) {
        this.until = until;
        hasReadSince = false;
        plain.deadline(until);
    }

    /// {@return whether anything came since it was opened or kept}
    boolean hasRead() {
        return hasRead;
    }

    /// {@return how many bytes have come and were not read}
    int buffered() {
        return end - start;
    }

    /// {@return whether a read beyond what is buffered would bring something at once} After one
    /// that did not fill the buffer nothing was left, which saves the question to the system; in
    /// TLS every record is a read of its own.
    boolean hasMore() throws IOException {
        return (isFilled || in != arriving) && isAnythingHere();
    }

    /// In TLS a part of a record may be unpacked already.
    private boolean isAnythingHere() throws IOException {
        return arriving.available() > 0 || in != arriving && in.available() > 0;
    }

    /// {@return the next bytes, or -1 at the end}
    ///
    /// @throws SocketTimeoutException when there are none in time
    int read(byte[] bytes, int offset, int length) throws IOException {
        if (start == end) {
            if (length >= buffer.length) return receive(bytes, offset, length);
            if (!fill()) return -1;
        }
        int count = Math.min(length, end - start);
        System.arraycopy(buffer, start, bytes, offset, count);
        start += count;
        return count;
    }

    /// {@return the length of the next line without its end, or -1 when it is not all here yet}
    int bufferedLine() {
        for (int i = start; i < end; i++) {
            if (buffer[i] == '\n')
                return i > start && buffer[i - 1] == '\r' ? i - 1 - start : i - start;
        }
        return -1;
    }

    /// {@return the length of the next line without its end, once it is here}
    ///
    /// @throws SocketTimeoutException when it is not in time
    /// @throws IOException when it is too long, or the connection ends before it does
    int line() throws IOException {
        int length = bufferedLine();
        while (length < 0) {
            if (!fill())
                throw new EOFException(
                        "the connection ended" + (start == end ? "" : " within a line"));
            length = bufferedLine();
        }
        return length;
    }

    /// {@return the byte of the current line at `index`}
    byte at(int index) {
        return buffer[start + index];
    }

    /// Steps over a line of this length.
    void skipLine(int length) {
        start += length + (buffer[start + length] == '\r' ? 2 : 1);
    }

    private boolean fill() throws IOException {
        if (start == end) {
            start = 0;
            end = 0;
        } else if (end == buffer.length) {
            if (start == 0 && end >= LINES_BYTES_MAX) throw new IOException("a line is too long");
            int size = start > 0 ? buffer.length : Math.min(2 * end, LINES_BYTES_MAX);
            buffer = Arrays.copyOfRange(buffer, start, start + size);
            end -= start;
            start = 0;
        }
        int count = receive(buffer, end, buffer.length - end);
        end += Math.max(0, count);
        return count >= 0;
    }

    private int receive(byte[] bytes, int offset, int length) throws IOException {
        if (hasReadSince && System.nanoTime() - until >= 0) throw new SocketTimeoutException();
        int count = in.read(bytes, offset, length);
        // The JDK takes a connection that broke for one that TLS ended (RFC 8446 §6.1).
        if (count < 0 && in != arriving && plain.isAtEnd()) throw new EOFException("it broke off");
        isFilled = count == length;
        hasReadSince = true;
        hasRead |= count > 0;
        return count;
    }

    /// Notes that an exchange is over and another may follow.
    void keep() {
        keptNanos = System.nanoTime();
        hasRead = false;
        if (buffer.length > BUFFER_BYTES) buffer = new byte[BUFFER_BYTES];
    }

    /// {@return since when it is kept}
    long keptNanos() {
        return keptNanos;
    }

    /// {@return whether a kept connection can be used: nobody closed it, and nothing came that no
    /// request of ours has asked for, which the next one must never take for its answer}
    boolean isUsable() {
        try {
            if (isClosed || isAnythingHere()) return false;
            if (System.nanoTime() - keptNanos < FRESH_NANOS) return true;
            readUntil(System.nanoTime());
            fill();
            return false;
        } catch (SocketTimeoutException _) {
            return true;
        } catch (IOException _) {
            return false;
        }
    }

    /// Ends a read that waits beyond its time. For any thread.
    void wakeIfLate(long now) {
        plain.wakeIfLate(now);
    }

    @Override
    public void close() {
        isClosed = true;
        try {
            // Not the TLS socket: its farewell would wait for a peer that does not read.
            plain.close();
        } catch (IOException _) {
            // It is closed.
        }
    }
}
