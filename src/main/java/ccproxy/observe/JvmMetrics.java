package ccproxy.observe;

import java.io.IOException;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryUsage;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// What the JVM and the system know of this process. Loaded by who first asks: a server that nobody
/// watches has none of the JDK's management in memory. What is read from `/proc` is left out where
/// there is none.
public final class JvmMetrics {
    /// Linux tells processor time in hundredths of a second, whatever the kernel's own ticks.
    private static final double TICKS_PER_SECOND = 100;

    private static final Path PROC = Path.of("/proc/self");

    private JvmMetrics() {}

    /// Writes all of it.
    public static void write(MetricsText out) {
        var memory = ManagementFactory.getMemoryMXBean();
        MemoryUsage heap = memory.getHeapMemoryUsage();
        MemoryUsage other = memory.getNonHeapMemoryUsage();
        out.gauge("jvm_memory_used_bytes", "Memory in use.")
                .sample(heap.getUsed(), "area", "heap")
                .sample(other.getUsed(), "area", "nonheap");
        out.gauge("jvm_memory_committed_bytes", "Memory taken from the system.")
                .sample(heap.getCommitted(), "area", "heap")
                .sample(other.getCommitted(), "area", "nonheap");
        out.gauge("jvm_memory_max_bytes", "Memory that may be taken.")
                .sample(heap.getMax(), "area", "heap");
        out.gauge("jvm_threads", "Platform threads; virtual ones are not counted.")
                .sample(ManagementFactory.getThreadMXBean().getThreadCount());
        collectors(out, ManagementFactory.getGarbageCollectorMXBeans());
        var runtime = ManagementFactory.getRuntimeMXBean();
        out.gauge("process_start_time_seconds", "When this process started, since 1970.")
                .sample(runtime.getStartTime() / 1000.0);
        out.gauge("process_uptime_seconds", "Since this process started.")
                .sample(runtime.getUptime() / 1000.0);
        if (Files.isDirectory(PROC)) process(out);
    }

    private static void collectors(MetricsText out, List<GarbageCollectorMXBean> collectors) {
        out.counter("jvm_gc_collections_total", "Collections of garbage.");
        for (var each : collectors) out.sample(each.getCollectionCount(), "gc", each.getName());
        out.counter("jvm_gc_seconds_total", "Time spent on them.");
        for (var each : collectors)
            out.sample(each.getCollectionTime() / 1000.0, "gc", each.getName());
    }

    private static void process(MetricsText out) {
        try {
            // The name of the program, in brackets, may hold anything.
            String[] stat = Files.readString(PROC.resolve("stat")).split("\\) ")[1].split(" ");
            double ticks = Long.parseLong(stat[11]) + Long.parseLong(stat[12]);
            out.counter("process_cpu_seconds_total", "Processor time that this process used.")
                    .sample(ticks / TICKS_PER_SECOND);
            for (String line : Files.readAllLines(PROC.resolve("status"))) {
                if (!line.startsWith("VmRSS:")) continue;
                out.gauge("process_resident_memory_bytes", "Memory of this process.")
                        .sample(Long.parseLong(line.replaceAll("\\D", "")) << 10);
            }
            descriptors(out);
        } catch (IOException | RuntimeException e) {
            Log.debug("no figures of this process").with(e).write();
        }
    }

    private static void descriptors(MetricsText out) throws IOException {
        long open = 0;
        try (DirectoryStream<Path> all = Files.newDirectoryStream(PROC.resolve("fd"))) {
            for (var _ : all) open++;
        }
        out.gauge("process_open_fds", "Open files and sockets.").sample(open);
        for (String line : Files.readAllLines(PROC.resolve("limits"))) {
            if (!line.startsWith("Max open files")) continue;
            String max = line.split(" {2,}")[1];
            if (!max.equals("unlimited"))
                out.gauge("process_max_fds", "Files and sockets that may be open.")
                        .sample(Long.parseLong(max));
        }
    }
}
