package ccproxy.observe;

import java.util.Arrays;
import java.util.Objects;

/// How often something took how long. Buckets hold what is not above their bound, the last one all
/// the rest. Safe for any number of threads; meant for once an exchange, not once an event.
public final class Histogram {
    /// Nanoseconds: waits in a line and whole requests, from a millisecond to the longest answers.
    static final long[] DURATIONS =
            bounds(0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300);

    private final long[] bounds;
    private final long[] counts;
    private long sumNanos;

    /// What a histogram held at one moment.
    ///
    /// @param bounds nanoseconds, ascending
    /// @param counts one more than bounds; not cumulative
    /// @param sumNanos of all
    public record Snapshot(long[] bounds, long[] counts, long sumNanos) {
        /// Checks that the parts fit.
        public Snapshot {
            if (counts.length != bounds.length + 1) throw new IllegalArgumentException("buckets");
        }

        /// {@return how often}
        public long count() {
            return Arrays.stream(counts).sum();
        }
    }

    /// A histogram of waits and requests.
    public Histogram() {
        this(DURATIONS);
    }

    /// @param bounds nanoseconds, ascending; not copied
    Histogram(long[] bounds) {
        this.bounds = Objects.requireNonNull(bounds);
        this.counts = new long[bounds.length + 1];
    }

    static long[] bounds(double... seconds) {
        return Arrays.stream(seconds).mapToLong(s -> Math.round(s * 1e9)).toArray();
    }

    /// Counts a time.
    public synchronized void add(long nanos) {
        int at = 0;
        while (at < bounds.length && nanos > bounds[at]) at++;
        counts[at]++;
        sumNanos += nanos;
    }

    /// Counts the times of a stream that has ended.
    synchronized void add(Gaps gaps) {
        long[] more = gaps.counts();
        for (int i = 0; i < more.length; i++) counts[i] += more[i];
        sumNanos += gaps.sumNanos();
    }

    /// {@return what it holds}
    public synchronized Snapshot snapshot() {
        return new Snapshot(bounds, counts.clone(), sumNanos);
    }
}
