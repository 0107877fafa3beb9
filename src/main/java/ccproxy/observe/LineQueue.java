package ccproxy.observe;

import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.time.Duration;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// Log lines on their way to a stream, which a thread of its own writes: all that came meanwhile at
/// once. A virtual thread that writes to `System.err` itself makes the JDK start another carrier
/// thread, because that counts as blocking, and the two then fight for one processor. Only when
/// [#BYTES_MAX] wait, because nobody reads the stream, does whoever logs wait too. [#close()]
/// writes the rest. For any number of threads.
public final class LineQueue extends OutputStream {
    /// Thousands of lines: as much as a stalled reader may cost.
    static final int BYTES_MAX = 1 << 20;

    /// Nobody reads a log faster.
    private static final long PAUSE_NANOS = 10_000_000;

    private static final Duration CLOSE_WAIT = Duration.ofSeconds(2);

    private final PrintStream target;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition hasLines = lock.newCondition();
    private final Condition hasRoom = lock.newCondition();
    private final Condition isClosing = lock.newCondition();
    private final Thread writer;
    private ByteArrayOutputStream lines = new ByteArrayOutputStream();
    private ByteArrayOutputStream written = new ByteArrayOutputStream();
    private boolean isClosed;

    /// Whether the thread has written all that it ever will.
    private boolean isDone;

    /// A queue for the log in front of `target`, which stays open.
    public LineQueue(PrintStream target) {
        this(target, "log");
    }

    /// @param name of the thread that writes
    LineQueue(PrintStream target, String name) {
        this.target = target;
        this.writer = Thread.ofPlatform().daemon().name(name).start(this::writeAll);
    }

    @Override
    public void write(int b) {
        write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) {
        lock.lock();
        try {
            while (lines.size() >= BYTES_MAX && !isClosed) hasRoom.awaitUninterruptibly();
            if (isDone) {
                target.write(bytes, offset, length);
                return;
            }
            lines.write(bytes, offset, length);
            hasLines.signal();
        } finally {
            lock.unlock();
        }
    }

    /// Takes a line without waiting.
    ///
    /// @return whether there was room for it; after [#close()] there is none
    boolean offer(byte[] line) {
        lock.lock();
        try {
            if (isClosed || lines.size() + line.length > BYTES_MAX) return false;
            lines.write(line, 0, line.length);
            hasLines.signal();
            return true;
        } finally {
            lock.unlock();
        }
    }

    private void writeAll() {
        while (take()) {
            try {
                target.write(written.toByteArray(), 0, written.size());
                target.flush();
            } catch (OutOfMemoryError _) {
                // These lines are lost. Without this thread everybody who logs would soon wait.
            }
            written.reset();
            pause();
        }
    }

    /// Under load a hundred lines make one write. The first one after a silence is written at once.
    private void pause() {
        lock.lock();
        try {
            long left = PAUSE_NANOS;
            while (!isClosed && left > 0) left = isClosing.awaitNanos(left);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        } finally {
            lock.unlock();
        }
    }

    /// Takes all that waits; false at the end.
    private boolean take() {
        lock.lock();
        try {
            while (lines.size() == 0 && !isClosed) hasLines.awaitUninterruptibly();
            ByteArrayOutputStream taken = lines;
            lines = written;
            written = taken;
            hasRoom.signalAll();
            isDone = taken.size() == 0;
            return !isDone;
        } finally {
            lock.unlock();
        }
    }

    /// Writes what waits, if anybody reads it; later lines are written after that, as they come.
    @Override
    public void close() {
        lock.lock();
        try {
            isClosed = true;
            hasLines.signal();
            hasRoom.signalAll();
            isClosing.signal();
        } finally {
            lock.unlock();
        }
        try {
            writer.join(CLOSE_WAIT);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }
}
