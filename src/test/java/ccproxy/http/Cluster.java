package ccproxy.http;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/// Three nodes, each the program in a process of its own, behind the real HAProxy. They are `node1`
/// to `node3`; one that ended can be started again where it was.
final class Cluster implements AutoCloseable {
    private static final List<String> JVM = List.of("-Xmx128m");

    private final Path folder;
    private final String upstream;
    private final List<Program> nodes = new ArrayList<>();
    private final Balancer balancer;

    /// @param folder for logs and state
    /// @param upstream the API, for `/api/…`; bare routes are the echo model's
    Cluster(Path folder, String upstream) throws Exception {
        Balancer.program();
        this.folder = folder;
        this.upstream = upstream;
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var started = new ArrayList<Future<Program>>();
            for (int i = 1; i <= 3; i++) {
                String name = "node" + i;
                started.add(threads.submit(() -> program(name, 0)));
            }
            for (Future<Program> node : started) nodes.add(node.get());
        } catch (ExecutionException e) {
            close();
            throw e;
        }
        balancer = Balancer.start(folder, Map.of(), nodes.stream().map(Program::port).toList());
        for (int i = 1; i <= 3; i++) balancer.await("node" + i, true);
    }

    private Program program(String name, int port) throws IOException {
        return new Program(
                Files.createDirectories(folder.resolve(name)),
                JVM,
                "--port",
                Integer.toString(port),
                "--backend",
                "echo",
                "--api-base-url",
                upstream,
                "--api-key",
                "key",
                "--ping",
                "200ms",
                // HAProxy needs 1.3 s to see that a node leaves, and this machine its time.
                "--shutdown-delay",
                "5s");
    }

    Balancer balancer() {
        return balancer;
    }

    Program node(String name) {
        return nodes.get(index(name));
    }

    private static int index(String name) {
        return Integer.parseInt(name.substring("node".length())) - 1;
    }

    /// Starts a node that has ended, on its port, and waits until HAProxy knows.
    void restart(String name) throws IOException {
        int port = node(name).port();
        nodes.set(index(name), program(name, port));
        balancer.await(name, true);
    }

    /// {@return the node of a session, by asking in it}
    String nodeOf(String session) throws IOException {
        var answer = balancer.post("/" + session + Api.CHAT.path, Api.CHAT.body("x"));
        assertEquals(200, answer.status(), answer.body());
        return Balancer.node(answer);
    }

    /// {@return the id of a session that has not begun and is a node's}
    ///
    /// @param prefix what its id begins with
    String sessionOn(String name, String prefix) throws IOException {
        for (int i = 0; ; i++) {
            String session = prefix + i;
            String node = nodeOf(session);
            try (RawClient client = balancer.raw()) {
                client.write(
                        "DELETE /sessions/" + session + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
                assertEquals(200, client.answer().status());
            }
            if (node.equals(name)) return session;
        }
    }

    @Override
    public void close() {
        if (balancer != null) balancer.close();
        nodes.forEach(Program::close);
    }
}
