package ccproxy.http;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// Three nodes behind the real HAProxy that are ready and do as they are asked: `break` off, `fail`
/// as an upstream does, `wait` for the test, or answer.
final class FakeNodes implements AutoCloseable {
    private final List<FakeUpstream> nodes = new ArrayList<>();
    private final Set<FakeUpstream.Connection> asked = ConcurrentHashMap.newKeySet();
    private final Balancer balancer;

    /// @param folder for HAProxy's log
    /// @param variables of its configuration
    FakeNodes(Path folder, Map<String, String> variables) throws IOException {
        Balancer.program();
        for (int i = 0; i < 3; i++) nodes.add(FakeUpstream.of(this::answer));
        var ports = nodes.stream().map(n -> Integer.parseInt(n.url().split(":")[2])).toList();
        balancer = Balancer.start(folder, variables, ports);
        for (int i = 1; i <= 3; i++) balancer.await("node" + i, true);
    }

    private void answer(FakeUpstream.Connection c) throws Exception {
        if (c.request.head().startsWith("GET /health/ready")) {
            c.json(200, "{}");
            return;
        }
        asked.add(c);
        if (c.request.body().contains("break")) throw new IOException("broken");
        if (c.request.body().contains("wait")) c.await();
        if (c.request.body().contains("fail")) c.json(503, "{\"said\":\"by the upstream\"}");
        else c.json(200, "{}");
    }

    Balancer balancer() {
        return balancer;
    }

    /// {@return the requests so far, but for HAProxy's own}
    Set<FakeUpstream.Connection> asked() {
        return asked;
    }

    /// Ends a node: nothing listens where it was.
    void end(int number) throws IOException {
        nodes.get(number - 1).close();
    }

    /// {@return the node that answers}
    String nodeOf(String path, String body) {
        try {
            var answer = balancer.post(path, body);
            assertEquals(200, answer.status(), answer.body());
            return Balancer.node(answer);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() throws IOException {
        balancer.close();
        for (FakeUpstream node : nodes) node.close();
    }
}
