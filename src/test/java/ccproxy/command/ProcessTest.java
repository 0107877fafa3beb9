package ccproxy.command;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.json.JsonMapper;

/// The program in a process of its own: what only a shell sees.
class ProcessTest {
    @TempDir Path folder;
    private final List<Process> processes = new ArrayList<>();

    @AfterEach
    void end() {
        processes.forEach(Process::destroyForcibly);
    }

    @Test
    void serverSaysOnceThatItIsReadyAndStopsAsTold() throws Exception {
        var server = start(Main.class, "--port", "0", "--backend", "echo");
        try (BufferedReader out = server.inputReader()) {
            String ready = out.readLine();
            String form =
                    "ccproxy \\S+ listening on http://127\\.0\\.0\\.1:(\\d+) \\(backend: echo\\)";
            assertTrue(ready.matches(form), ready);
            int port = Integer.parseInt(ready.replaceFirst(form, "$1"));
            new Socket(InetAddress.getLoopbackAddress(), port).close();
            // The process's own destroy() closes its output, hence its handle's.
            server.toHandle().destroy();
            assertEquals(0, code(server));
            assertEquals(null, out.readLine());
        }
        var lines = Files.readAllLines(folder.resolve("err"));
        var messages = lines.stream().map(l -> new JsonMapper().readTree(l).path("msg").asString());
        assertEquals(
                List.of("server started", "server stopping", "server stopped"),
                messages.filter(m -> m.startsWith("server")).toList());
    }

    @Test
    void backendThatFellBackToEchoIsAWarning() throws Exception {
        var server = start(Main.class, "--host", "::1", "--port", "0", "--log-format", "text");
        try (BufferedReader out = server.inputReader()) {
            String ready = out.readLine();
            assertTrue(ready.contains(" http://[::1]:"), ready);
            assertTrue(ready.endsWith(" (backend: echo)"), ready);
        }
        server.destroy();
        assertEquals(0, code(server));
        assertTrue(err().contains(" WARN "), err());
    }

    @Test
    void takenPortIsOneLineAndOne() throws Exception {
        try (var taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            String port = Integer.toString(taken.getLocalPort());
            var server = start(Main.class, "--port", port, "--backend", "echo");
            assertEquals(1, code(server));
            String message = "ccproxy: cannot listen on http://127.0.0.1:%s: ";
            assertTrue(err().startsWith(message.formatted(port)), err());
            assertEquals(1, err().lines().count(), err());
        }
    }

    @Test
    void wrongFlagIsOneLineAndTwo() throws Exception {
        assertEquals(2, code(start(Main.class, "serve", "--prot", "1")));
        assertTrue(err().startsWith("ccproxy: unknown flag --prot"), err());
        assertEquals(1, err().lines().count(), err());
    }

    @Test
    void versionIsZero() throws Exception {
        var process = start(Main.class, "--version");
        assertEquals("ccproxy " + Version.text(), process.inputReader().readLine());
        assertEquals(0, code(process));
        assertEquals("", err());
    }

    @Test
    void secondSignalStopsAtOnce() throws Exception {
        var process = start(SlowStop.class);
        try (BufferedReader out = process.inputReader()) {
            assertEquals("ready", out.readLine());
            process.toHandle().destroy();
            assertEquals("stopping", out.readLine());
            process.toHandle().destroy();
            assertEquals(0, code(process));
        }
    }

    /// A program that is told to stop and never does.
    static final class SlowStop {
        public static void main(String[] arguments) throws InterruptedException {
            var signals = Signals.ofProcess();
            System.out.println("ready");
            while (signals.next(Duration.ofMinutes(1)) != Signals.Asked.STOP) {}
            System.out.println("stopping");
            new CountDownLatch(1).await();
        }
    }

    private Process start(Class<?> main, String... arguments) throws IOException {
        var command = new ArrayList<String>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp"));
        command.addAll(List.of(System.getProperty("java.class.path"), main.getName()));
        command.addAll(List.of(arguments));
        var builder = new ProcessBuilder(command).directory(folder.toFile());
        builder.environment()
                .keySet()
                .removeIf(n -> n.matches("(CCPROXY|ANTHROPIC|J.*_OPT|STATE_DIR|XDG_STATE).*"));
        builder.environment().put("HOME", folder.toString());
        builder.redirectError(folder.resolve("err").toFile());
        Process process = builder.start();
        processes.add(process);
        return process;
    }

    private String err() throws IOException {
        return Files.readString(folder.resolve("err"), StandardCharsets.UTF_8);
    }

    private static int code(Process process) throws InterruptedException {
        assertTrue(process.waitFor(20, SECONDS), "still running");
        return process.exitValue();
    }
}
