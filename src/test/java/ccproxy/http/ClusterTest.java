package ccproxy.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ccproxy.http.ClusterClients.Result;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.node.ObjectNode;

/// Several nodes behind the real HAProxy: what clients see while nodes die, stop and come back.
class ClusterTest {
    private static final String LONG = "/echo {\"delta_count\":80,\"delta_delay_ms\":100}";

    @TempDir Path folder;
    private final BlockingQueue<FakeUpstream.Connection> asked = new LinkedBlockingQueue<>();
    private FakeUpstream upstream;
    private Cluster cluster;

    @BeforeEach
    void start() throws Exception {
        upstream =
                FakeUpstream.of(c -> {
                    boolean isStream = c.request.body().contains("\"stream\":true");
                    if (isStream) c.stream();
                    if (isStream) c.chunk(FakeUpstream.START);
                    // Nodes ask for the list of models, too. What a test writes comes after the
                    // head.
                    if (c.request.head().startsWith("POST")) asked.add(c);
                    c.await();
                    if (isStream) c.chunk(FakeUpstream.END);
                    else c.json(200, FakeUpstream.MESSAGE);
                });
        cluster = new Cluster(folder, upstream.url());
    }

    @AfterEach
    void stop() throws IOException {
        if (cluster != null) cluster.close();
        upstream.close();
    }

    /// The upstream says the next word only when the client has had the one before: whoever kept
    /// one back would stop both.
    @Test
    void eventsArriveOneByOne() throws Exception {
        for (Api api : Api.values()) {
            try (RawClient client = cluster.balancer().raw()) {
                client.post("/api" + api.path, api.stream("x"));
                var connection = asked.poll(10, TimeUnit.SECONDS);
                for (int i = 0; i < 50; i++) {
                    connection.text("word-" + i + ".");
                    client.readUntil("word-" + i + ".");
                }
                // Silence is broken, too.
                client.readUntil(api == Api.CHAT ? ": ping" : "event: ping");
                connection.go();
                client.readUntil(api == Api.CHAT ? "[DONE]" : "event: message_stop");
            }
        }
    }

    @Test
    void requestsGoToTheNodeThatDoesLeast() throws Exception {
        var clients = new ArrayList<RawClient>();
        var nodes = new ArrayList<String>();
        for (int i = 0; i < 6; i++) {
            RawClient client = cluster.balancer().raw();
            clients.add(client.post("/api/v1/messages", Api.MESSAGES.stream("x")));
            String head = client.readUntil("message_start");
            nodes.add(head.replaceFirst("(?s).*x-ccproxy-node: (node\\d).*", "$1"));
        }
        for (int i = 1; i <= 3; i++) {
            String node = "node" + i;
            assertEquals(2, nodes.stream().filter(node::equals).count(), nodes.toString());
        }
        for (RawClient client : clients) client.close();
    }

    @ParameterizedTest
    @EnumSource
    void clientThatLeavesEndsItsUpstream(Api api) throws Exception {
        for (boolean isStream : new boolean[] {false, true}) {
            FakeUpstream.Connection connection;
            try (RawClient client = cluster.balancer().raw()) {
                client.post("/api" + api.path, api.request("x", isStream).toString());
                connection = asked.poll(10, TimeUnit.SECONDS);
                // The node knows by then how the kernel writes its connections: HAProxy resets
                // them.
                assertFalse(connection.isLeftWithinMillis(1000), "still there");
            }
            assertTrue(connection.isLeftWithinMillis(10_000), "still asking");
        }
    }

    @Test
    void nodeThatDiesTakesWithItOnlyWhatItWasDoing() throws Exception {
        Balancer balancer = cluster.balancer();
        String moved = cluster.sessionOn("node1", "moved-");
        assertEquals(new Told("node1", 2), ask(moved, "one two"));
        List<RunningAnswer> running = running("node1");
        try (var clients = new ClusterClients(balancer)) {
            clients.awaitEach(2);
            List<Integer> alive = clients.mark();
            cluster.node("node1").kill();
            for (RunningAnswer answer : running) answer.breaksOff();
            // Its session goes on elsewhere, from the history that its client has.
            Told elsewhere = ask(moved, "one two", "one two", "three");
            assertNotEquals("node1", elsewhere.node());
            assertEquals(5, elsewhere.tokens());
            assertEquals(new Told(elsewhere.node(), 7), ask(moved, "four"));

            balancer.await("node1", false);
            List<Integer> dead = clients.mark();
            clients.awaitEach(8);
            for (List<Result> results : clients.since(alive)) {
                long failed = results.stream().filter(result -> !result.isWhole()).count();
                // What was on its way, and what the kernel of a dying process still took.
                assertTrue(failed <= 2, "what was not sent yet failed, too: " + results);
            }
            assertAllAreWhole(clients.since(dead), Set.of("node2", "node3"));

            List<Integer> before = clients.mark();
            cluster.restart("node1");
            clients.awaitAnswersOf("node1");
            assertAllAreWhole(clients.since(before), Set.of("node1", "node2", "node3"));
        }
        assertEquals(new Told("node1", 5), ask(moved, "one two", "one two", "three"));
    }

    @Test
    void nodeThatStopsFinishesWhatItDoesAndNothingFails() throws Exception {
        Balancer balancer = cluster.balancer();
        try (var clients = new ClusterClients(balancer)) {
            List<Integer> begin = clients.mark();
            clients.awaitEach(2);
            List<RunningAnswer> running = running("node1");
            var code = CompletableFuture.supplyAsync(this::stopped);
            balancer.await("node1", false);
            assertFalse(code.isDone(), "it stopped before HAProxy could know");
            clients.awaitEach(1);
            List<Integer> left = clients.mark();
            clients.awaitEach(8);
            assertAllAreWhole(clients.since(left), Set.of("node2", "node3"));
            for (RunningAnswer answer : running) answer.isWhole();
            assertEquals(0, code.get(30, TimeUnit.SECONDS));
            clients.awaitEach(2);

            cluster.restart("node1");
            clients.awaitAnswersOf("node1");
            assertAllAreWhole(clients.since(begin), Set.of("node1", "node2", "node3"));
        }
    }

    private int stopped() {
        try {
            return cluster.node("node1").stop();
        } catch (InterruptedException _) {
            throw new AssertionError("interrupted");
        }
    }

    private static void assertAllAreWhole(List<List<Result>> all, Set<String> nodes) {
        var seen = new HashSet<String>();
        for (List<Result> results : all) {
            for (Result result : results) {
                assertTrue(result.isWhole(), results.toString());
                seen.add(result.node());
            }
        }
        assertEquals(nodes, seen);
    }

    /// What a whole answer says: who gave it, and how much the model read for it.
    private record Told(String node, int tokens) {}

    /// Asks in a session, alternately as user and as assistant; the echo is right.
    private Told ask(String session, String... said) throws IOException {
        ObjectNode request = Api.MESSAGES.request("", false);
        var messages = request.putArray("messages");
        for (int i = 0; i < said.length; i++) {
            String role = i % 2 == 0 ? "user" : "assistant";
            messages.addObject().put("role", role).put("content", said[i]);
        }
        String path = "/" + session + Api.MESSAGES.path;
        var answer = cluster.balancer().post(path, request.toString());
        assertEquals(said[said.length - 1], Api.MESSAGES.text(answer.body()), answer.body());
        return new Told(Balancer.node(answer), Api.MESSAGES.inputTokens(answer.body()));
    }

    /// Begins long answers on a node: both APIs, streamed and whole.
    private List<RunningAnswer> running(String node) throws IOException {
        var running = new ArrayList<RunningAnswer>();
        for (Api api : Api.values()) {
            for (boolean isStream : new boolean[] {false, true}) {
                String prefix = "long-" + api + isStream;
                String path = "/" + cluster.sessionOn(node, prefix) + api.path;
                RawClient client = cluster.balancer().raw();
                client.socket().setSoTimeout(60_000);
                client.post(path, api.request(LONG, isStream).toString());
                if (isStream) client.readUntil("echo ");
                running.add(new RunningAnswer(api, isStream, client));
            }
        }
        Eventually.isTrue("all are busy", () -> busy(node) >= running.size());
        return running;
    }

    private int busy(String node) throws IOException {
        try (RawClient client = cluster.node(node).raw()) {
            client.write("GET /sessions HTTP/1.1\r\nHost: localhost\r\n\r\n");
            return client.answer().body().split("\"state\":\"busy\",\"messages\":0,", -1).length
                    - 1;
        }
    }
}
