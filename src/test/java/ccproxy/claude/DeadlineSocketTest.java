package ccproxy.claude;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Reads that are woken: each ends once, for the right reason, and with all of its bytes. The
/// deadline is hours away as a rule, and the waker says that it has passed.
@Timeout(30)
class DeadlineSocketTest {
    private static final long HOUR = TimeUnit.HOURS.toNanos(1);

    private final DeadlineSocket socket = new DeadlineSocket();
    private Socket peer;
    private InputStream in;

    @BeforeEach
    void connect() throws IOException {
        try (var server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            socket.connect(server.getLocalSocketAddress());
            peer = server.accept();
            peer.setTcpNoDelay(true);
        }
        in = socket.getInputStream();
    }

    @AfterEach
    void close() throws IOException {
        socket.close();
        peer.close();
    }

    private int read() throws IOException {
        byte[] one = new byte[1];
        return in.read(one, 0, 1) < 0 ? -1 : one[0];
    }

    private static <T> T onVirtualThread(Callable<T> task) throws Exception {
        var future = new FutureTask<>(task);
        Thread.ofVirtual().start(future);
        return future.get(30, TimeUnit.SECONDS);
    }

    /// Wakes whoever waits, as if it were much later.
    private void wake() {
        socket.wakeIfLate(System.nanoTime() + 2 * HOUR);
    }

    /// What another thread does.
    private interface Act {
        void run() throws IOException;
    }

    /// A thread that does this once the current one waits.
    private static Thread onceItWaits(Act act) {
        Thread reader = Thread.currentThread();
        return Thread.ofPlatform()
                .daemon()
                .start(() -> {
                    while (reader.getState() != Thread.State.WAITING) Thread.onSpinWait();
                    try {
                        act.run();
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                });
    }

    @Test
    void wokenReadLosesNothing() throws Exception {
        onVirtualThread(() -> {
            for (int i = 0; i < 50; i++) {
                socket.deadline(System.nanoTime() + HOUR);
                Thread waker = onceItWaits(this::wake);
                assertThrows(SocketTimeoutException.class, this::read);
                waker.join();
                assertFalse(Thread.currentThread().isInterrupted());
                peer.getOutputStream().write(i);
                assertEquals(i, read());
            }
            assertFalse(socket.isAtEnd());
            peer.close();
            assertEquals(-1, read());
            assertTrue(socket.isAtEnd());
            return null;
        });
    }

    @Test
    void waitEndsSoonAfterItsDeadline() throws Exception {
        for (int millis : new int[] {50, 199, 300, 500}) {
            var took = new FutureTask<>(() -> waited(millis));
            Thread.ofVirtual().start(took);
            while (!took.isDone()) {
                socket.wakeIfLate(System.nanoTime());
                Thread.sleep(20);
            }
            assertTrue(took.get() >= millis && took.get() < millis + 10_000, took.get() + " ms");
        }
    }

    private long waited(int millis) {
        long from = System.nanoTime();
        socket.deadline(from + TimeUnit.MILLISECONDS.toNanos(millis));
        assertThrows(SocketTimeoutException.class, this::read);
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - from);
    }

    @Test
    void nobodyIsWokenBeforeTheDeadlineOrOutsideARead() throws Exception {
        onVirtualThread(() -> {
            long now = System.nanoTime();
            socket.deadline(now + HOUR);
            wake();
            assertFalse(Thread.currentThread().isInterrupted());
            onceItWaits(() -> {
                socket.wakeIfLate(now + HOUR - 1);
                peer.getOutputStream().write(7);
            });
            assertEquals(7, read());
            wake();
            assertFalse(Thread.currentThread().isInterrupted());
            return null;
        });
    }

    /// Reads what comes next, however often it is woken.
    private int readThroughWakes() throws IOException {
        while (true) {
            try {
                return read();
            } catch (SocketTimeoutException _) {
                // Once more.
            } finally {
                assertFalse(Thread.currentThread().isInterrupted());
            }
        }
    }

    @Test
    void wakesThatMeetDataLoseNoneAndLeaveNoInterrupt() throws Exception {
        int rounds = 200;
        var read = new AtomicInteger();
        var reader =
                new FutureTask<>(() -> {
                    socket.deadline(System.nanoTime() + HOUR);
                    while (read.get() < rounds) {
                        assertEquals(read.get() & 0x7F, readThroughWakes());
                        read.incrementAndGet();
                    }
                    return null;
                });
        Thread.ofVirtual().start(reader);
        var waker =
                Thread.ofPlatform()
                        .daemon()
                        .start(() -> {
                            while (!reader.isDone()) wake();
                        });
        for (int i = 0; i < rounds; i++) {
            while (read.get() < i && !reader.isDone()) Thread.onSpinWait();
            peer.getOutputStream().write(i & 0x7F);
        }
        reader.get(30, TimeUnit.SECONDS);
        waker.join();
        assertFalse(socket.isClosed());
    }

    @Test
    void closeByAnotherThreadEndsTheReadWithAnError() throws Exception {
        SocketException e =
                onVirtualThread(() -> {
                    socket.deadline(System.nanoTime() + HOUR);
                    onceItWaits(socket::close);
                    return assertThrows(SocketException.class, this::read);
                });
        assertTrue(socket.isClosed(), e::toString);
    }

    @Test
    void interruptOfAnotherClosesAndStays() throws Exception {
        onVirtualThread(() -> {
            Thread reader = Thread.currentThread();
            socket.deadline(System.nanoTime() + HOUR);
            onceItWaits(reader::interrupt);
            assertThrows(SocketException.class, this::read);
            assertTrue(Thread.interrupted());
            assertTrue(socket.isClosed());
            return null;
        });
    }

    @Test
    void platformThreadHasATimer() throws Exception {
        var took = new FutureTask<>(() -> waited(300));
        Thread.ofPlatform().daemon().start(took);
        long millis = took.get(30, TimeUnit.SECONDS);
        assertTrue(millis >= 300 && millis < 10_000, millis + " ms");
        // And none when it is next read by a virtual thread, or the other way round.
        peer.getOutputStream().write(new byte[] {1, 2});
        assertEquals(1, onVirtualThread(() -> read(HOUR)));
        assertEquals(2, read(HOUR));
    }

    private int read(long nanos) throws IOException {
        socket.deadline(System.nanoTime() + nanos);
        return read();
    }

    @Test
    void pastDeadlineStillGivesWhatIsThere() throws Exception {
        peer.getOutputStream().write(new byte[] {1, 2});
        assertEquals(1, read(HOUR));
        assertEquals(2, onVirtualThread(() -> read(-HOUR)));
        assertThrows(SocketTimeoutException.class, () -> read(-HOUR));
    }

    @Test
    void millisecondsAreRoundedUpAndNeverForEver() {
        assertEquals(1, DeadlineSocket.millis(Long.MIN_VALUE));
        assertEquals(1, DeadlineSocket.millis(0));
        assertEquals(1, DeadlineSocket.millis(1));
        assertEquals(1, DeadlineSocket.millis(1_000_000));
        assertEquals(2, DeadlineSocket.millis(1_000_001));
        assertEquals(Integer.MAX_VALUE, DeadlineSocket.millis(Duration.ofDays(1000).toNanos()));
    }
}
