package ccproxy.claude;

import java.io.IOException;
import java.io.Reader;
import java.time.Duration;

/// The last of what a process says on stderr, read to its end on a platform thread: a full pipe
/// would stop the process.
final class StderrTail {
    /// A stack or a refusal; more does not help a client.
    static final int CHARACTERS_MAX = 2000;

    private static final Duration LAST_WORDS = Duration.ofMillis(500);

    private final StringBuilder tail = new StringBuilder();
    private final Thread thread;

    StderrTail(Reader from, String name) {
        thread = Thread.ofPlatform().daemon().name(name).start(() -> read(from));
    }

    private void read(Reader from) {
        char[] buffer = new char[1024];
        try (from) {
            for (int count = from.read(buffer); count >= 0; count = from.read(buffer)) {
                append(buffer, count);
            }
        } catch (IOException _) {
            // The process is gone.
        }
    }

    private synchronized void append(char[] text, int count) {
        tail.append(text, 0, count);
        if (tail.length() > CHARACTERS_MAX) tail.delete(0, tail.length() - CHARACTERS_MAX);
    }

    /// {@return it, once the process has ended and all was read}
    String text() {
        try {
            thread.join(LAST_WORDS);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
        synchronized (this) {
            return tail.toString().strip();
        }
    }
}
