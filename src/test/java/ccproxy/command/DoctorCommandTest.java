package ccproxy.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DoctorCommandTest {
    @TempDir Path folder;
    private Run run;
    private HttpServer upstream;

    @BeforeEach
    void start() throws IOException {
        run = new Run(folder);
        upstream = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        upstream.createContext(
                "/",
                exchange -> {
                    exchange.sendResponseHeaders(401, -1);
                    exchange.close();
                });
        upstream.start();
        run.with("CCPROXY_API_BASE_URL", "http://127.0.0.1:" + upstream.getAddress().getPort());
        run.with("CCPROXY_PORT", "0");
    }

    @AfterEach
    void stop() {
        upstream.stop(0);
    }

    /// A program that only tells of itself.
    private String cli(String version, boolean isLoggedIn) throws IOException {
        Path program = folder.resolve("claude-" + version + "-" + isLoggedIn);
        String script =
                """
                #!/bin/sh
                case "$1" in
                --version) echo "%s (Claude Code)" ;;
                auth) echo '{"loggedIn": %s, "authMethod": "oauth_token"}' ;;
                esac
                """
                        .formatted(version, isLoggedIn);
        Files.writeString(program, script);
        assertTrue(program.toFile().setExecutable(true));
        return program.toString();
    }

    private List<String> lines(String name) {
        return run.out()
                .lines()
                .filter(line -> line.length() > 20 && line.substring(10).startsWith(name))
                .toList();
    }

    private void assertLine(String name, String verdict, String part) {
        assertEquals(1, lines(name).size(), run.out());
        String line = lines(name).getFirst();
        assertTrue(line.startsWith(verdict + " "), line);
        assertTrue(line.contains(part), line);
    }

    @Test
    void everythingInOrderIsALineEachAndNoProblem() throws IOException {
        String cli = cli("2.1.330", true);
        assertEquals(ExitCode.OK, run.main("doctor", "--backend=sdk", "--sdk-path", cli));
        assertLine("java", "ok", System.getProperty("java.home"));
        assertLine("port", "ok", "is free");
        assertLine("backend", "ok", "sdk");
        assertLine("claude", "ok", "2.1.330 at " + cli);
        assertLine("login", "ok", "oauth_token");
        assertLine("key", "ok", "passed on");
        assertLine("upstream", "ok", "answers");
    }

    @Test
    void missingProgramIsAProblemOnlyToTheBackendThatNeedsIt() {
        String nowhere = folder.resolve("none").toString();
        assertEquals(ExitCode.FAILED, run.main("doctor", "--backend=sdk", "--sdk-path", nowhere));
        assertLine("claude", "problem", "npm install -g @anthropic-ai/claude-code");
        assertEquals(ExitCode.OK, run.main("doctor", "--backend=api", "--sdk-path", nowhere));
        assertLine("claude", "note", "npm install -g @anthropic-ai/claude-code");
    }

    @Test
    void oldProgramAndNoLoginSayWhatToDo() throws IOException {
        String old = cli("2.1.196", true);
        assertEquals(ExitCode.FAILED, run.main("doctor", "--backend=sdk", "--sdk-path", old));
        assertLine("claude", "problem", "is version 2.1.196: expected 2.1.197 or newer");
        String stranger = cli("2.1.197", false);
        assertEquals(ExitCode.FAILED, run.main("doctor", "--backend=sdk", "--sdk-path", stranger));
        assertLine("login", "problem", "use /login");
    }

    @Test
    void takenPortIsAProblem() throws IOException {
        try (var taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            String port = Integer.toString(taken.getLocalPort());
            assertEquals(ExitCode.FAILED, run.main("doctor", "--backend=echo", "--port", port));
            assertLine("port", "problem", "choose another");
        }
    }

    @Test
    void upstreamThatIsNotThereIsAProblemToTheApi() {
        String gone = "http://127.0.0.1:" + upstream.getAddress().getPort();
        upstream.stop(0);
        assertEquals(ExitCode.FAILED, run.main("doctor", "--backend=api", "--api-base-url", gone));
        assertLine("upstream", "problem", gone);
        assertEquals(ExitCode.OK, run.main("doctor", "--backend=echo", "--api-base-url", gone));
        assertLine("upstream", "note", gone);
    }
}
