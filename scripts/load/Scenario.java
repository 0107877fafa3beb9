import java.io.IOException;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/// What is measured.
enum Scenario {
    /// From the start of the program to its first answer.
    START,
    /// Memory after that.
    IDLE,
    /// Whole answers of 1.2 kB over 64 connections, as fast as they go.
    RPS64,
    /// One stream, 20 ms between events.
    STREAM1,
    STREAM500,
    /// 100 ms between events.
    STREAM2000,
    /// 16 streams without pauses.
    SATURATED,
    /// What a byte costs: whole answers of 1 kB to 1 MB.
    BYTES,
    /// 2,000 connections at once.
    BURST2000;

    /// Sizes of answers in kB, of `BYTES`.
    static final int[] SIZES = {1, 16, 128, 1024};

    /// @throws IllegalArgumentException with a message for people
    static Scenario of(String name) {
        for (Scenario scenario : values()) if (scenario.toString().equals(name)) return scenario;
        String names =
                Arrays.stream(values()).map(Scenario::toString).collect(Collectors.joining(", "));
        throw new IllegalArgumentException("no such scenario: " + name + "; there are " + names);
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }

    boolean isLoad() {
        return this != START && this != IDLE;
    }

    /// What is measured of one system, once.
    Map<String, Double> run(Tools tools, Target target, boolean isQuick)
            throws IOException, InterruptedException, FailedException {
        Meter meter = new Meter(target);
        return switch (this) {
            case RPS64 -> meter.perRequest(tools.requests(target, 64, isQuick ? 1 : 3, ""));
            case STREAM1 -> streams(meter, tools, target, new Tools.Streams(1, 100, 20, 1, 0, 0));
            case STREAM500 ->
                    streams(
                            meter,
                            tools,
                            target,
                            new Tools.Streams(500, isQuick ? 50 : 100, 20, 1, 0, 500));
            case STREAM2000 ->
                    streams(
                            meter,
                            tools,
                            target,
                            new Tools.Streams(2000, isQuick ? 20 : 50, 100, 1, 0, 1000));
            case SATURATED ->
                    streams(
                            meter,
                            tools,
                            target,
                            new Tools.Streams(16, 1000, 0, 0, isQuick ? 2 : 5, 0));
            case BURST2000 ->
                    streams(meter, tools, target, new Tools.Streams(2000, 10, 100, 1, 0, 0));
            case BYTES -> bytes(tools, target);
            case START, IDLE -> throw new IllegalStateException("measured apart");
        };
    }

    private static Map<String, Double> streams(
            Meter meter, Tools tools, Target target, Tools.Streams streams)
            throws IOException, InterruptedException, FailedException {
        return meter.perEvent(tools.streams(target, streams));
    }

    private static Map<String, Double> bytes(Tools tools, Target target)
            throws IOException, InterruptedException, FailedException {
        Map<String, Double> all = new TreeMap<>();
        double errors = 0;
        for (int size : SIZES) {
            Meter meter = new Meter(target);
            Map<String, Double> numbers =
                    meter.perRequest(tools.requests(target, 16, 1, "size-" + size * 1024));
            errors += numbers.get("errors");
            all.put("requests_per_s_" + size, numbers.get("requests_per_s"));
            Double cost = numbers.get("cpu_us_per_request");
            if (cost != null) all.put("cpu_us_per_kb_" + size, cost / size);
        }
        all.put("errors", errors);
        return all;
    }

    /// What a system used from now on. Nothing is said of the upstream, which shares its CPU.
    private static final class Meter {
        private final Target target;
        private final double cpuBefore;

        Meter(Target target) {
            this.target = target;
            if (!target.isUpstream()) Proc.resetPeak(target.pid());
            cpuBefore = target.isUpstream() ? 0 : Proc.cpuSeconds(target.pid());
        }

        Map<String, Double> perRequest(Map<String, Double> numbers) {
            return with(numbers, "cpu_us_per_request", numbers.get("requests"));
        }

        Map<String, Double> perEvent(Map<String, Double> numbers) {
            return with(numbers, "cpu_us_per_event", numbers.get("events"));
        }

        private Map<String, Double> with(Map<String, Double> numbers, String name, double units) {
            if (target.isUpstream()) return numbers;
            double seconds = Proc.cpuSeconds(target.pid()) - cpuBefore;
            numbers.put("cpu_s", seconds);
            if (units > 0) numbers.put(name, seconds * 1e6 / units);
            numbers.put("rss_peak_mb", Proc.peakMb(target.pid()));
            return numbers;
        }
    }
}
