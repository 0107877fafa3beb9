package ccproxy.claude;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Proxy;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;

/// A socket whose reads end at a deadline, without a timer for each of them. A read of a virtual
/// thread that has a timeout hands its timer to a thread of the JDK's and takes it back: two
/// switches of threads an event, a third of what a request costs. Here the reads have none, and
/// [#wakeIfLate] is called from time to time on all sockets; it interrupts a reader that is late.
///
/// The JDK closes the socket of an interrupted virtual thread ([Socket#getInputStream()]), by
/// [#close()]. As long as the interrupt is ours, that does nothing, and the read ends with a
/// [SocketTimeoutException] as if it had a timer: nothing is lost, the next read goes on.
final class DeadlineSocket extends Socket {
    /// Deadlines nearer than this are kept by a timer, exactly.
    private static final long NEAR_NANOS = 200_000_000;

    private final Object lock = new Object();
    private long deadline;
    private int timeoutMillis;

    /// Who waits in a read; guarded by the lock, like what follows.
    private Thread reader;

    private boolean isWoken;

    private volatile boolean isAtEnd;

    /// A socket that is not connected, and will be so directly: whether there is a proxy on the way
    /// is for [EnvironmentProxies] to say, not for the JDK to look up.
    DeadlineSocket() {
        super(Proxy.NO_PROXY);
    }

    /// {@return whether a read found that the other side says no more}
    boolean isAtEnd() {
        return isAtEnd;
    }

    /// Sets when reads end, on the clock of [System#nanoTime()]. For the reader.
    void deadline(long nanos) {
        synchronized (lock) {
            deadline = nanos;
        }
    }

    /// Ends the read that waits beyond its deadline, if one does. For any thread.
    void wakeIfLate(long now) {
        synchronized (lock) {
            if (reader == null || isWoken || now - deadline < 0) return;
            isWoken = true;
            reader.interrupt();
        }
    }

    @Override
    public InputStream getInputStream() throws IOException {
        return new FilterInputStream(super.getInputStream()) {
            @Override
            public int read(byte[] bytes, int offset, int length) throws IOException {
                int count =
                        begin() ? watched(bytes, offset, length) : in.read(bytes, offset, length);
                isAtEnd |= count < 0;
                return count;
            }

            private int watched(byte[] bytes, int offset, int length) throws IOException {
                try {
                    return in.read(bytes, offset, length);
                } catch (SocketException e) {
                    if (isWoken()) throw new SocketTimeoutException();
                    throw e;
                } finally {
                    end();
                }
            }
        };
    }

    /// {@return whether the read is watched, else it has a timer}
    private boolean begin() throws SocketException {
        synchronized (lock) {
            long left = deadline - System.nanoTime();
            Thread current = Thread.currentThread();
            // A platform thread does not notice an interrupt while it reads.
            boolean isWatched = left > NEAR_NANOS && current.isVirtual();
            if (isWatched) reader = current;
            int millis = isWatched ? 0 : millis(left);
            if (millis != timeoutMillis) setSoTimeout(millis);
            timeoutMillis = millis;
            return isWatched;
        }
    }

    private void end() {
        synchronized (lock) {
            reader = null;
            if (isWoken) Thread.interrupted();
            isWoken = false;
        }
    }

    private boolean isWoken() {
        synchronized (lock) {
            return isWoken && Thread.currentThread() == reader;
        }
    }

    /// Closes, unless it is the JDK that does so because of our interrupt.
    @Override
    public void close() throws IOException {
        if (!isWoken()) super.close();
    }

    /// {@return milliseconds as [#setSoTimeout] takes them: rounded up, never 0, which means "for
    /// ever"}
    static int millis(long nanos) {
        return Math.clamp((nanos + 999_999) / 1_000_000, 1, Integer.MAX_VALUE);
    }
}
