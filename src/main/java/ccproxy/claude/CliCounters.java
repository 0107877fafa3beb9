package ccproxy.claude;

import ccproxy.observe.Histogram;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/// What happened to CLI processes since the server started, for whoever watches it.
final class CliCounters {
    final LongAdder started = new LongAdder();
    final LongAdder warmHits = new LongAdder();
    final LongAdder resumes = new LongAdder();
    final LongAdder interrupts = new LongAdder();
    final LongAdder kills = new LongAdder();
    final Histogram waits = new Histogram();
    final StatusCounts responses = new StatusCounts();

    /// {@return the counts by name}
    Map<String, Long> all() {
        var all = new LinkedHashMap<String, Long>();
        all.put("processes_started", started.sum());
        all.put("warm_hits", warmHits.sum());
        all.put("resumes", resumes.sum());
        all.put("interrupts", interrupts.sum());
        all.put("kills", kills.sum());
        return all;
    }
}
