import java.io.IOException;

/// Load before anything is measured, of all kinds, so that a JVM has compiled what it will run.
final class Warming {
    private Warming() {}

    static void warm(Tools tools, Target target, int seconds)
            throws IOException, InterruptedException, FailedException {
        if (target.isUpstream()) return;
        tools.requests(target, 16, seconds / 3.0, "");
        if (seconds > 2) {
            tools.streams(target, new Tools.Streams(16, 1000, 0, 0, seconds / 3, 0));
            tools.streams(target, new Tools.Streams(200, 20, 10, seconds, 0, 100));
            tools.requests(target, 16, 1, "size-131072");
        }
        target.checkAlive();
    }
}
