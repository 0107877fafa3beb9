package ccproxy.observe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ccproxy.http.Eventually;
import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Log lines on their way: all of them, in order, and never more than the queue may hold.
@Timeout(20)
class LineQueueTest {
    /// A stream that nobody reads until it is opened.
    private static final class Blocked extends OutputStream {
        private final ByteArrayOutputStream all = new ByteArrayOutputStream();
        private final CountDownLatch isReached = new CountDownLatch(1);
        private final CountDownLatch isOpen = new CountDownLatch(1);

        @Override
        public void write(int b) {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) {
            isReached.countDown();
            try {
                isOpen.await();
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
            }
            all.write(bytes, offset, length);
        }
    }

    private static void write(LineQueue queue, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        queue.write(bytes, 0, bytes.length);
    }

    /// A queue whose writer is stuck with the line `first`.
    private static LineQueue stuck(Blocked target) throws InterruptedException {
        var queue = new LineQueue(new PrintStream(target));
        write(queue, "first\n");
        assertTrue(target.isReached.await(5, TimeUnit.SECONDS));
        return queue;
    }

    @Test
    void lineThatIsOfferedIsTakenAsLongAsThereIsRoom() throws InterruptedException {
        var target = new Blocked();
        LineQueue queue = stuck(target);
        byte[] full = new byte[LineQueue.BYTES_MAX - 1];
        assertTrue(queue.offer(full));
        assertFalse(queue.offer(new byte[2]));
        assertTrue(queue.offer(new byte[1]));
        assertFalse(queue.offer(new byte[1]));
        target.isOpen.countDown();
        queue.close();
        assertEquals("first\n".length() + LineQueue.BYTES_MAX, target.all.size());
        assertFalse(queue.offer(new byte[1]));
    }

    private static Thread writing(LineQueue queue, String text) {
        return Thread.ofPlatform().daemon().start(() -> write(queue, text));
    }

    /// Whether a thread waits, rather than ends.
    private static boolean waits(Thread thread) {
        while (thread.isAlive()) {
            if (thread.getState() == Thread.State.WAITING) return true;
            Thread.onSpinWait();
        }
        return false;
    }

    @Test
    void linesOfManyThreadsAreWholeAndInOrder() throws Exception {
        int threads = 8;
        int lines = 2000;
        var all = new ByteArrayOutputStream();
        try (var queue = new LineQueue(new PrintStream(all))) {
            var writers = new ArrayList<Thread>();
            for (int t = 0; t < threads; t++) {
                int number = t;
                var factory = t % 2 == 0 ? Thread.ofVirtual() : Thread.ofPlatform();
                writers.add(
                        factory.start(() -> {
                            for (int i = 0; i < lines; i++)
                                write(queue, number + " " + i + " " + "x".repeat(i % 50) + ".\n");
                        }));
            }
            for (Thread writer : writers) writer.join();
        }
        int[] next = new int[threads];
        for (String line : all.toString(StandardCharsets.UTF_8).split("\n")) {
            String[] parts = line.split(" ");
            int i = next[Integer.parseInt(parts[0])]++;
            assertEquals(parts[0] + " " + i + " " + "x".repeat(i % 50) + ".", line);
        }
        for (int count : next) assertEquals(lines, count);
    }

    @Test
    void closeWritesWhatWaits() throws Exception {
        var target = new Blocked();
        LineQueue queue = stuck(target);
        for (int i = 0; i < 1000; i++) write(queue, "line " + i + "\n");
        Thread closing = Thread.ofPlatform().start(queue::close);
        target.isOpen.countDown();
        closing.join();
        String text = target.all.toString(StandardCharsets.UTF_8);
        assertEquals(1001, text.lines().count());
        assertTrue(text.startsWith("first\nline 0\nline 1\n"), text);
        assertTrue(text.endsWith("line 998\nline 999\n"), text);
    }

    @Test
    void lineIsWrittenWithoutAnotherToPushIt() throws Exception {
        var target = new Blocked();
        try (var queue = stuck(target)) {
            target.isOpen.countDown();
            queue.write('x');
        }
        assertEquals("first\nx", target.all.toString(StandardCharsets.UTF_8));
    }

    @Test
    void writersWaitAtTheLimitAndGoOnWhenThereIsRoom() throws Exception {
        for (int more : new int[] {-1, 0, 1}) {
            var target = new Blocked();
            String fill = "x".repeat(LineQueue.BYTES_MAX + more);
            try (var queue = stuck(target)) {
                write(queue, fill);
                Thread writer = writing(queue, "more\n");
                assertEquals(more >= 0, waits(writer), more + " more");
                target.isOpen.countDown();
                writer.join();
            }
            assertEquals("first\n" + fill + "more\n", target.all.toString(StandardCharsets.UTF_8));
        }
    }

    @Test
    void closeEndsThoughNobodyReadsAndLetsWritersGo() throws Exception {
        var target = new Blocked();
        LineQueue queue = stuck(target);
        String fill = "x".repeat(LineQueue.BYTES_MAX);
        write(queue, fill);
        Thread writer = writing(queue, "more\n");
        assertTrue(waits(writer));
        long from = System.nanoTime();
        queue.close();
        long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - from);
        assertTrue(millis >= 1900, millis + " ms");
        Eventually.assertSoon(from);
        target.isOpen.countDown();
        writer.join();
        write(queue, "last\n");
        // Waits for the rest.
        queue.close();
        assertEquals(
                "first\n" + fill + "more\nlast\n", target.all.toString(StandardCharsets.UTF_8));
    }

    @Test
    void linesAfterCloseAreWrittenAtOnce() {
        var all = new ByteArrayOutputStream();
        var queue = new LineQueue(new PrintStream(all));
        write(queue, "before\n");
        queue.close();
        assertEquals("before\n", all.toString(StandardCharsets.UTF_8));
        write(queue, "after\n");
        assertEquals("before\nafter\n", all.toString(StandardCharsets.UTF_8));
        queue.close();
    }

    @Test
    void linesDuringCloseComeAfterThoseThatWait() throws Exception {
        var target = new Blocked();
        LineQueue queue = stuck(target);
        write(queue, "waits\n");
        Thread closing = Thread.ofPlatform().start(queue::close);
        while (closing.getState() != Thread.State.TIMED_WAITING) Thread.onSpinWait();
        Thread writer = writing(queue, "late\n");
        target.isOpen.countDown();
        writer.join();
        closing.join();
        assertEquals("first\nwaits\nlate\n", target.all.toString(StandardCharsets.UTF_8));
    }
}
