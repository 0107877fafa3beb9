package ccproxy.command;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ccproxy.observe.Trace;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What of the configuration must not be in a trace.
class TracingTest {
    @TempDir Path folder;

    private String traced(Run run, String body) throws IOException {
        Path traces = folder.resolve("traces");
        Config config = run.config("--trace-dir", traces.toString());
        Tracing tracing = Tracing.open(config, "echo", run.surroundings());
        Trace trace = tracing.folders().getFirst().next("req_12345678");
        trace.begin(new Trace.Request("POST", "/v1/messages", "", Map.of("a", List.of("b"))));
        trace.requestBody(body.getBytes(StandardCharsets.UTF_8));
        trace.end(200, "whole", "");
        try (Stream<Path> found = Files.walk(traces)) {
            Path file =
                    found.filter(path -> path.endsWith("request-body.json"))
                            .findFirst()
                            .orElseThrow();
            return Files.readString(file);
        }
    }

    @Test
    void everySecretOfTheConfigurationIsMaskedInTheTracesOfEveryClient() throws IOException {
        var run = new Run(folder);
        run.file(
                "ccproxy.json",
                """
                {"auth_token": "operator-token-1", "api.key": "api-key-number-1",
                 "tls.keystore_password": "keystore-pass-1",
                 "auth_tokens": {"alice": "alice-token-1", "bob": {"token": "bob-token-1"},
                   "carol": "sha256:%s"}}
                """
                        .formatted("0a".repeat(32)));
        String all =
                "operator-token-1 api-key-number-1 keystore-pass-1 alice-token-1 bob-token-1 text";
        String body = traced(run, "{\"text\": \"" + all + "\"}");
        assertTrue(body.contains("text"), body);
        assertFalse(body.contains("-1"), body);
    }

    @Test
    void tokensOfAVariableAreMaskedToo() throws IOException {
        var run = new Run(folder);
        run.with(
                "CCPROXY_AUTH_TOKENS",
                "alice=alice-token-1, bob = bob=token=1,c=sha256:" + "a".repeat(64));
        String body = traced(run, "{\"text\": \"alice-token-1 bob=token=1 sha256\"}");
        assertTrue(body.contains("sha256"), body);
        assertFalse(body.contains("token"), body);
    }
}
