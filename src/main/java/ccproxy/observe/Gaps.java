package ccproxy.observe;

/// The times between the events of one stream, counted by size: two additions an event, no lock and
/// nothing made. For one thread; [Histogram#add(Gaps)] takes them over at the end.
public final class Gaps {
    /// Of an answer that is no stream.
    public static final Gaps NONE = new Gaps();

    /// Nanoseconds; from what one read brings together to the longest silence that timeouts allow.
    static final long[] BOUNDS =
            Histogram.bounds(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30);

    private long[] counts;
    private long sumNanos;
    private long lastNanos;

    /// Notes that an event came.
    ///
    /// @param nanos now, on the clock of [System#nanoTime()]
    public void event(long nanos) {
        if (counts != null) {
            long gap = nanos - lastNanos;
            sumNanos += gap;
            int at = 0;
            while (at < BOUNDS.length && gap > BOUNDS[at]) at++;
            counts[at]++;
        } else if (this != NONE) {
            counts = new long[BOUNDS.length + 1];
        }
        lastNanos = nanos;
    }

    /// {@return how many there were by bucket; empty when no two events came}
    long[] counts() {
        return counts == null ? new long[0] : counts;
    }

    long sumNanos() {
        return sumNanos;
    }
}
