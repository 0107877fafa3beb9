package ccproxy.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// However many clients leave, no process is left, and there are never more than allowed.
@Tag("real-cli")
class RealCliProcessesTest {
    private static final int PROCESSES_MAX = 3;
    private static final int CLIENTS = 8;
    private static final String SLOW = "/echo {\"delta_count\":2000,\"delta_delay_ms\":5}";

    @TempDir Path folder;

    @ParameterizedTest
    @EnumSource
    void requestsThatAreLeftLeaveNoProcess(CliVersion version) throws Exception {
        // An old process cannot be cleared: each request costs a start.
        int each =
                version == CliVersion.NEWEST ? CliVersion.manyOr(10, 25) : CliVersion.manyOr(1, 5);
        var most = new AtomicInteger();
        try (var cli = new RealCli(version, folder, 1, PROCESSES_MAX, Map.of(), RealCli.PING);
                var clients = Executors.newVirtualThreadPerTaskExecutor()) {
            var left = new ArrayList<Future<?>>();
            for (int client = 0; client < CLIENTS; client++) {
                boolean isStream = client % 2 == 0;
                left.add(
                        clients.submit(() -> {
                            for (int i = 0; i < each; i++) {
                                leave(cli, isStream);
                                most.accumulateAndGet(RealCli.processes().size(), Math::max);
                            }
                            return null;
                        }));
            }
            for (Future<?> one : left) one.get();
            // All that were left have ended, and the next one is served.
            cli.server().log().requestLines(CLIENTS * each);
            cli.reset();
            assertEquals(
                    "hi",
                    Api.MESSAGES.text(
                            cli.server().post(RealCli.SDK, Api.MESSAGES.body("hi")).body()));
            assertTrue(RealCli.processes().size() <= PROCESSES_MAX);
        }
        assertEquals(0, RealCli.processes().size());
        assertTrue(most.get() <= PROCESSES_MAX, () -> most + " at once");
    }

    private static void leave(RealCli cli, boolean isStream) throws IOException {
        Api api = isStream ? Api.MESSAGES : Api.CHAT;
        String body = isStream ? api.stream(SLOW) : api.body(SLOW);
        try (RawClient client = cli.server().raw().post("/sdk" + api.path, body)) {
            // Behind all the others, each of which may start a process.
            client.socket().setSoTimeout(120_000);
            if (isStream) client.readUntil("event: ");
        }
    }
}
