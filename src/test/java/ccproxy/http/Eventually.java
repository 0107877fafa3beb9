package ccproxy.http;

import static org.junit.jupiter.api.Assertions.fail;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/// Asks again until it is so.
public final class Eventually {
    private static final Duration LIMIT = Duration.ofSeconds(10);

    private Eventually() {}

    /// Waits until `condition` holds.
    public static void isTrue(String what, Callable<Boolean> condition) {
        long until = System.nanoTime() + LIMIT.toNanos();
        try {
            while (!condition.call()) {
                if (System.nanoTime() > until) fail("not within " + LIMIT + ": " + what);
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(2));
            }
        } catch (Exception e) {
            fail(what, e);
        }
    }
}
