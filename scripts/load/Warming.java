import java.io.IOException;
import java.util.Map;

/// Load before anything is measured, so that a JVM has compiled what it will run: of all kinds,
/// round after round, until a request costs no less than it did in the round before.
///
/// On one CPU that takes a while, since the compiler needs that CPU too. A JVM that is measured
/// earlier seems ten times as slow as it is.
final class Warming {
    private static final double STILL_FASTER = 0.93;

    private Warming() {}

    /// @return whether it came to that within the time
    static boolean warm(Tools tools, Target target, Options options)
            throws IOException, InterruptedException, FailedException {
        if (target.isUpstream()) return true;
        if (!target.isJvm()) {
            tools.requests(target, 16, 1, "");
            return true;
        }
        long begun = System.nanoTime();
        double before = Double.MAX_VALUE;
        while (seconds(begun) < options.maxWarmSeconds()) {
            double cost = round(tools, target);
            target.checkAlive();
            if (cost > before * STILL_FASTER && seconds(begun) > options.minWarmSeconds())
                return true;
            before = Math.min(before, cost);
        }
        return false;
    }

    private static double seconds(long begun) {
        return (System.nanoTime() - begun) / 1e9;
    }

    /// About six seconds.
    ///
    /// @return CPU seconds of the system for a request
    private static double round(Tools tools, Target target)
            throws IOException, InterruptedException, FailedException {
        tools.streams(target, new Tools.Streams(16, 1000, 0, 0, 1, 0));
        tools.streams(target, new Tools.Streams(100, 50, 20, 1, 0, 100));
        tools.requests(target, 16, 1, "size-131072");
        double cpuBefore = Proc.cpuSeconds(target.pid());
        Map<String, Double> numbers = tools.requests(target, 64, 2, "");
        double cpu = Proc.cpuSeconds(target.pid()) - cpuBefore;
        return cpu / Math.max(1, numbers.get("requests"));
    }
}
