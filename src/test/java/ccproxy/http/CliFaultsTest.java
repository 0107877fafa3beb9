package ccproxy.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ccproxy.claude.FakeCli;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// A CLI process that is killed, hangs, or says too much; and a server that is killed above it.
@Tag("faults")
@EnabledOnOs(OS.LINUX)
class CliFaultsTest {
    @TempDir Path folder;
    @TempDir Path cliFolder;
    private FakeCli fake;
    private FaultDrill drill;

    @BeforeEach
    void start() throws IOException {
        fake = new FakeCli(cliFolder);
        drill =
                new FaultDrill(
                        folder,
                        FaultDrill.Backend.SDK,
                        FaultDrill.Setup.PLAIN,
                        "--backend",
                        "sdk",
                        "--sdk-path",
                        fake.program().toString(),
                        "--timeout-idle",
                        "1s",
                        "--sdk-warm",
                        "0",
                        // So that the number of those that are idle is no matter of speed.
                        "--sdk-max-processes",
                        "1",
                        "--timeout-first-event",
                        "30s");
    }

    @AfterEach
    void nothingIsLeft() throws IOException {
        drill.close();
        for (long pid : fake.pids())
            Eventually.isTrue("end of " + pid, () -> !FakeCli.isAlive(pid));
    }

    @ParameterizedTest
    @EnumSource
    void killed(Api api) throws Exception {
        String saw = struck(api, "KILL", "play[start;text Good;hang]");
        drill.survived("CLI killed", saw);
    }

    /// Stopped, it says nothing and hears nothing, not even that it should stop.
    @ParameterizedTest
    @EnumSource
    void hung(Api api) throws Exception {
        String saw = struck(api, "STOP", "play[start;text Good;hang]");
        drill.survived("CLI hung", saw);
    }

    @ParameterizedTest
    @EnumSource
    void flooding(Api api) throws Exception {
        String saw = drill.seen(api, true, "", "play[start;text Good;endless 110]");
        assertTrue(saw.startsWith("a stream that ends with: "), saw);
        drill.survived("CLI flooding: a line of 110 MB", saw);
    }

    /// What nobody can prevent: but its processes end by themselves.
    @Test
    void serverKilled() throws Exception {
        try (RawClient client = drill.raw()) {
            client.post("/sdk/v1/messages", Api.MESSAGES.stream("play[start;text Good;hang]"));
            client.readUntil("Good");
            List<ProcessHandle> processes = drill.program().handle().descendants().toList();
            assertTrue(!processes.isEmpty());
            drill.program().kill();
            for (ProcessHandle process : processes) {
                Eventually.isTrue("end of " + process, () -> !FakeCli.isAlive(process.pid()));
            }
        }
    }

    /// {@return what a client sees whose answer's process gets a signal}
    private String struck(Api api, String signal, String steps) throws Exception {
        try (RawClient client = drill.raw()) {
            client.post(api.path, api.stream(steps));
            client.readUntil("Good");
            int code =
                    new ProcessBuilder("kill", "-" + signal, Long.toString(answering()))
                            .start()
                            .waitFor();
            assertEquals(0, code);
            String rest = client.readUntil("error") + client.readUntil("\n\n");
            assertTrue(!api.isWhole(rest), rest);
            return "a stream that ends with an error";
        }
    }

    private long answering() {
        List<Long> alive = fake.pids().stream().filter(FakeCli::isAlive).toList();
        assertEquals(1, alive.size(), alive.toString());
        return alive.getFirst();
    }
}
