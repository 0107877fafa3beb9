package ccproxy.http;

import static org.junit.jupiter.api.Assertions.fail;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

/// Asks again until it is so. The limits leave room for a machine that does much else.
public final class Eventually {
    private static final Duration LIMIT = Duration.ofSeconds(30);

    private static final long SOON_MILLIS = 15_000;

    private Eventually() {}

    /// Fails where what began at `nanos` of the system's timer has taken too long, however busy the
    /// machine is.
    public static void assertSoon(long nanos) {
        long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - nanos);
        if (millis > SOON_MILLIS) fail("it took " + millis + " ms");
    }

    /// Waits until `condition` holds.
    public static void isTrue(String what, Callable<Boolean> condition) {
        isTrue(() -> what, condition);
    }

    /// Waits until `condition` holds; `what` is asked only when it did not.
    public static void isTrue(Supplier<String> what, Callable<Boolean> condition) {
        long until = System.nanoTime() + LIMIT.toNanos();
        try {
            while (!condition.call()) {
                if (System.nanoTime() > until) fail("not within " + LIMIT + ": " + what.get());
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(2));
            }
        } catch (Exception e) {
            fail(what.get(), e);
        }
    }
}
