package ccproxy.claude;

import ccproxy.wire.CliMessage;
import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// The lines of one turn of a CLI process, from the thread that reads its pipe to the one that
/// answers the client. Bounded: a slow client stops the reader, which stops the CLI. After
/// [#discard()] nothing is kept, so a turn that nobody listens to still comes to its end.
final class ProcessTurn {
    /// A few packets' worth of events: enough to keep both ends busy.
    static final int LINES_MAX = 256;

    /// How often a reader that waits for room looks whether anybody still listens.
    private static final long LOOK_MILLIS = 50;

    private final BlockingQueue<CliMessage> lines = new ArrayBlockingQueue<>(LINES_MAX);
    private final CountDownLatch ended = new CountDownLatch(1);
    private volatile boolean isDiscarded;
    private volatile CliMessage.Result result;

    /// Takes a line; for the reader's thread. Waits while there is no room.
    void put(CliMessage line) throws InterruptedException {
        while (!isDiscarded && !lines.offer(line, LOOK_MILLIS, TimeUnit.MILLISECONDS)) {}
        if (line instanceof CliMessage.Result last) end(last);
    }

    private void end(CliMessage.Result last) {
        result = last;
        ended.countDown();
    }

    /// The process is no more: there will be no other line.
    void died() {
        ended.countDown();
    }

    /// {@return the next line, or null when there is none within `wait`}
    CliMessage poll(Duration wait) throws InterruptedException {
        CliMessage line = lines.poll();
        if (line != null || wait.isZero()) return line;
        // Awake as soon as the process dies: there is no line for that.
        long until = System.nanoTime() + wait.toNanos();
        while (ended.getCount() > 0) {
            long left = Math.min(until - System.nanoTime(), TimeUnit.MILLISECONDS.toNanos(100));
            if (left <= 0) return null;
            line = lines.poll(left, TimeUnit.NANOSECONDS);
            if (line != null) return line;
        }
        return lines.poll();
    }

    boolean isReady() {
        return !lines.isEmpty();
    }

    /// Lets the rest of the turn pass unheard; who waits for a line gets this one.
    void discard() {
        isDiscarded = true;
        lines.clear();
        lines.offer(new CliMessage.Other("discarded"));
    }

    /// {@return whether the turn ended within `wait`}
    boolean awaitEnd(Duration wait) throws InterruptedException {
        return ended.await(wait.toNanos(), TimeUnit.NANOSECONDS);
    }

    /// {@return whether the CLI said that the turn is over; a process that died did not}
    boolean hasResult() {
        return result != null;
    }

    boolean isEnded() {
        return ended.getCount() == 0;
    }

    /// {@return how it ended, or null}
    CliMessage.Result result() {
        return result;
    }
}
