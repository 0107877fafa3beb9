package ccproxy.http;

import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/// The real HAProxy before three nodes, with `scripts/cluster/haproxy.cfg` as it stands. Tests that
/// need it are skipped where it is not installed.
final class Balancer implements AutoCloseable {
    private static final Path CONFIGURATION = Path.of("scripts/cluster/haproxy.cfg");
    private static final int TRIES = 5;

    private final Path log;
    private final Process process;
    private final int port;
    private final int statsPort;

    /// @param folder for its log
    /// @param variables of its configuration
    /// @param nodes the ports of the three, on this machine
    static Balancer start(Path folder, Map<String, String> variables, List<Integer> nodes)
            throws IOException {
        for (int i = 0; i < TRIES; i++) {
            var balancer = new Balancer(folder, variables, nodes);
            if (balancer.isServing()) return balancer;
            balancer.close();
            // A port that was free was taken meanwhile.
            if (!balancer.log().contains("cannot bind")) return fail(balancer.log());
        }
        return fail("no free ports");
    }

    private Balancer(Path folder, Map<String, String> variables, List<Integer> nodes)
            throws IOException {
        port = freePort();
        statsPort = freePort();
        log = folder.resolve("haproxy.log");
        // -dR: a port that another HAProxy has is not shared with it, it cannot be bound.
        String configuration = CONFIGURATION.toAbsolutePath().toString();
        var command = List.of(program(), "-db", "-dR", "-f", configuration);
        var builder = new ProcessBuilder(command).directory(folder.toFile());
        Map<String, String> environment = builder.environment();
        environment.keySet().removeIf(name -> name.startsWith("CLUSTER_"));
        environment.put("CLUSTER_BIND", "127.0.0.1:" + port);
        environment.put("CLUSTER_STATS_BIND", "127.0.0.1:" + statsPort);
        // As many as any machine lets it have.
        environment.put("CLUSTER_MAXCONN", "200");
        for (int i = 0; i < nodes.size(); i++)
            environment.put("CLUSTER_NODE" + (i + 1), "127.0.0.1:" + nodes.get(i));
        environment.putAll(variables);
        process = builder.redirectErrorStream(true).redirectOutput(log.toFile()).start();
    }

    /// {@return where HAProxy is}; who asks is skipped where it is not
    static String program() {
        var folders = System.getenv().getOrDefault("PATH", "").split(File.pathSeparator);
        var found =
                Stream.concat(Stream.of(folders), Stream.of("/usr/sbin", "/usr/local/sbin"))
                        .map(folder -> Path.of(folder, "haproxy"))
                        .filter(Files::isExecutable)
                        .findFirst();
        assumeTrue(found.isPresent(), "no haproxy on the PATH");
        return found.get().toString();
    }

    /// {@return a port that was free a moment ago}
    static int freePort() throws IOException {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private boolean isServing() {
        Eventually.isTrue(
                "HAProxy", () -> !process.isAlive() || (accepts(port) && accepts(statsPort)));
        return process.isAlive();
    }

    private static boolean accepts(int port) {
        try (var _ = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return true;
        } catch (IOException _) {
            return false;
        }
    }

    RawClient raw() {
        return new RawClient(port);
    }

    /// Asks over a connection of its own.
    RawClient.Answer post(String path, String body, String... headers) throws IOException {
        try (RawClient client = raw()) {
            return client.post(path, body, headers).answer();
        }
    }

    /// {@return the node that answered}
    static String node(RawClient.Answer answer) {
        return answer.header("x-ccproxy-node");
    }

    /// Waits until HAProxy has seen that a node is up, or that it is not.
    void await(String node, boolean isUp) {
        Eventually.isTrue(node + " up: " + isUp, () -> isUp == isUp(node));
    }

    private boolean isUp(String node) {
        return Stream.of("nodes", "sessions")
                .allMatch(backend -> isRowUp(backend + "," + node + ","));
    }

    private boolean isRowUp(String start) {
        return page("/;csv")
                .lines()
                .anyMatch(
                        line -> line.startsWith(start) && line.split(",", -1)[17].startsWith("UP"));
    }

    /// {@return a page of HAProxy's own}
    String page(String path) {
        try (InputStream in =
                URI.create("http://127.0.0.1:" + statsPort + path).toURL().openStream()) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    String log() {
        try {
            return Files.readString(log);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        process.destroyForcibly();
        try {
            process.waitFor(10, TimeUnit.SECONDS);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }
}
