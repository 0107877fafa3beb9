package ccproxy.command;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.time.Duration;
import java.util.List;

/// What `doctor --client` says of a client's first request.
record ClientLine(Run run) {
    /// {@return the line of a client's first request}
    String of(String client, PlayedServer server, Duration patience) {
        Config config = run.config("serve", "--port", server.port());
        var connector = ClientCall.Connector.to(new RunningServer(config).found());
        var manner = new ClientsCheck.Manner(connector, patience);
        run.main("--version");
        new ClientsCheck(List.of(client), config, run.surroundings(), manner).run("");
        return run.out().lines().filter(l -> l.contains("  request ")).findFirst().orElseThrow();
    }

    void assertProblem(String client, String answer, String problem, String remedy)
            throws IOException {
        try (var server = new PlayedServer(answer)) {
            String line = of(client, server, Duration.ofSeconds(10));
            assertTrue(line.startsWith("problem "), line);
            assertTrue(line.contains(problem), line);
            assertTrue(line.contains(remedy), line);
        }
    }
}
