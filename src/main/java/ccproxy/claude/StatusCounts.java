package ccproxy.claude;

import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/// How often an upstream answered with which status. There are at most some hundred: a status has
/// three digits. Safe for any number of threads.
final class StatusCounts {
    private static final String NO_ANSWER = "none";

    private final Map<String, LongAdder> counts = new ConcurrentHashMap<>();

    void add(int status) {
        add(Integer.toString(status));
    }

    /// Counts a request that got no answer at all.
    void addNone() {
        add(NO_ANSWER);
    }

    private void add(String status) {
        counts.computeIfAbsent(status, _ -> new LongAdder()).increment();
    }

    /// {@return the counts by status; `none` is no answer at all}
    Map<String, Long> all() {
        var all = new TreeMap<String, Long>();
        counts.forEach((status, count) -> all.put(status, count.sum()));
        return all;
    }
}
