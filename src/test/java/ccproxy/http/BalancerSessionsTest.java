package ccproxy.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Which node HAProxy sends a request to, by its configuration, and what the node sees of who
/// asked.
class BalancerSessionsTest extends BalancedNodes {
    /// `tune.bufsize` less what HAProxy keeps free to rewrite heads (1,024).
    private static final int SEEN_BYTES = 65536 - 1024;

    @ParameterizedTest
    @CsvSource({
        "/v1/messages, 0",
        "/echo/v1/messages, 0",
        "/s1/v1/messages, 1",
        "/s1/v1/chat/completions, 1",
        "/s1/v1/models/m, 1",
        "/sdk/s1/v1/messages, 1",
        "/api/s1/v1/chat/completions, 1",
        "/echo/s1/v1/messages/count_tokens, 1",
        "/sessions/s1, 1",
        "/sessions/s1/interrupt, 1",
        "/sessions, 0",
        "/s1, 0"
    })
    void sessionIsKnownByItsPath(String path, int isSession) throws Exception {
        balance(Map.of());
        String own = nodes.nodeOf("/s1/v1/messages", "{}");
        var seen = new HashSet<String>();
        for (int i = 0; i < 6; i++) seen.add(nodes.nodeOf(path, "{}"));
        assertEquals(isSession == 1 ? Set.of(own) : Set.of("node1", "node2", "node3"), seen);
    }

    @ParameterizedTest
    @CsvSource({"100, true", "30000, true", "60000, true", "70000, false"})
    void sessionIsKnownByTheBodyAsFarAsThatIsSeen(int bytes, boolean isSeen) throws Exception {
        balance(Map.of());
        String end = "\",\"metadata\":{\"session_id\":\"s1\"}}";
        String body = "{\"messages\":\"" + "x".repeat(bytes - end.length() - 13) + end;
        assertTrue(isSeen == bytes <= SEEN_BYTES && body.length() == bytes);
        String own = nodes.nodeOf("/s1/v1/messages", "{}");
        var seen = new HashSet<String>();
        for (int i = 0; i < 6; i++) seen.add(nodes.nodeOf("/v1/messages", body));
        assertEquals(isSeen ? Set.of(own) : Set.of("node1", "node2", "node3"), seen);
        // Chat Completions has no such field.
        assertEquals(
                3,
                IntStream.range(0, 6)
                        .mapToObj(_ -> nodes.nodeOf("/v1/chat/completions", body))
                        .distinct()
                        .count());
    }

    @Test
    void bodyThatDoesNotComeIsA408() throws Exception {
        balance(Map.of("CLUSTER_BODY_WAIT", "200ms"));
        try (RawClient client = balancer.raw()) {
            client.write(
                    "POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{");
            var answer = client.answer();
            assertEquals(408, answer.status());
            String message = "the body did not come to its end in time";
            assertEquals(message, Api.MESSAGES.error(answer.body()));
            assertTrue(nodes.asked().isEmpty());
        }
    }

    @Test
    void nodesSeeOneIdAndWhoAskedAndTheHostAsItCame() throws Exception {
        balance(Map.of());
        String[] ids = {"abcdefgh", "a".repeat(64), "short", "a".repeat(65), "with space", ""};
        for (String id : ids) {
            nodes.asked().clear();
            balancer.post("/v1/messages", "{}", "x-request-id", id, "x-forwarded-for", "8.8.8.8");
            var request = nodes.asked().iterator().next().request;
            String seen = request.header("x-request-id");
            if (id.matches("[A-Za-z0-9._-]{8,64}")) assertEquals(id, seen);
            else assertTrue(seen.matches("req_[0-9a-f-]{36}"), seen);
            assertEquals("127.0.0.1", request.header("x-forwarded-for"));
            assertEquals("http", request.header("x-forwarded-proto"));
            assertEquals("localhost", request.header("host"));
            Eventually.isTrue("logged", () -> balancer.log().contains(seen));
        }
    }

    @Test
    void metricsTellOfEachNode() throws Exception {
        balance(Map.of());
        String metrics = balancer.page("/metrics");
        for (int i = 1; i <= 3; i++) {
            String node = "haproxy_server_status{proxy=\"nodes\",server=\"node%d\",state=\"UP\"} 1";
            assertTrue(metrics.contains(node.formatted(i)), metrics);
        }
    }
}
