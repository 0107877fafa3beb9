package ccproxy.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ccproxy.claude.Certificates;
import ccproxy.http.Eventually;
import ccproxy.observe.Log;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The program with a keystore: what it says, and whether its own subcommands find the server.
class TlsCommandTest {
    private final Log.Output log = Log.configure(Log.Level.INFO, Log.Format.JSON, System.err);
    @TempDir Path folder;

    @AfterEach
    void restore() {
        Log.configure(log);
    }

    @Test
    void readyLineSaysHttpsAndOwnSubcommandsAreAnswered() throws Exception {
        Path file = folder.resolve("server.p12");
        Certificates.make(file, "dns:ai.example.com");
        String port = Integer.toString(freePort());
        Run server = run(file, port);
        var signals = new Signals();
        var command = new ServeCommand(Args.parse(List.of()), server.surroundings());
        Thread serving = Thread.ofVirtual().start(() -> command.run(signals));
        Eventually.isTrue("ready", () -> server.out().contains("listening on"));
        assertTrue(server.out().contains(" listening on https://127.0.0.1:" + port), server.out());
        Run client = run(file, port);
        client.main("doctor");
        assertTrue(client.out().contains("a ccproxy is running there"), client.out());
        assertEquals(ExitCode.OK, client.main("doctor", "--client", "aider"), client.out());
        assertEquals(ExitCode.OK, client.main("ask", "one two"));
        assertEquals("one two\n", client.out());
        // The log is one for the process, and the client was the last to set it.
        Eventually.isTrue("its line", () -> client.err().contains("/v1/messages"));
        signals.ask(Signals.Asked.STOP);
        serving.join();
    }

    private Run run(Path keystore, String port) {
        return new Run(folder)
                .with("CCPROXY_TLS_KEYSTORE", keystore.toString())
                .with("CCPROXY_TLS_KEYSTORE_PASSWORD", Certificates.PASSWORD)
                .with("CCPROXY_BACKEND", "echo")
                .with("CCPROXY_PORT", port);
    }

    @Test
    void keystoreThatCannotBeUsedEndsTheStartWithALine() throws Exception {
        Path file = folder.resolve("server.p12");
        for (String problem : new String[] {"there is no such file", "expected a PKCS #12 file"}) {
            Run run = run(file, "0");
            assertEquals(ExitCode.FAILED, run.main("serve"));
            String start = "ccproxy: tls.keystore: " + file + ": " + problem;
            assertTrue(run.err().startsWith(start), run.err());
            assertEquals(1, run.err().lines().count(), run.err());
            assertFalse(run.err().contains(Certificates.PASSWORD));
            Files.writeString(file, "x");
        }
    }

    private static int freePort() throws Exception {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
