package ccproxy.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/// What HAProxy does by its configuration when nodes fail or are busy: what it sends again and what
/// not, its queue, and errors in the shape of the API. [ClusterTest] has the real nodes.
class BalancerTest extends BalancedNodes {
    @ParameterizedTest
    @EnumSource
    void nodeThatBreaksOffIsA502AndNobodyElseIsAsked(Api api) throws Exception {
        balance(Map.of());
        for (String session : new String[] {"", "/s1"}) {
            nodes.asked().clear();
            var answer = balancer.post(session + api.path, api.body("break"));
            assertEquals(502, answer.status());
            assertTrue(api.error(answer.body()).contains("may have asked the model already"));
            assertEquals(1, nodes.asked().size());
        }
    }

    @ParameterizedTest
    @EnumSource
    void errorOfANodePassesAsItIsAndNobodyElseIsAsked(Api api) throws Exception {
        balance(Map.of());
        var answer = balancer.post(api.path, api.body("fail"));
        assertEquals(503, answer.status());
        assertEquals("{\"said\":\"by the upstream\"}", answer.body());
        assertEquals(1, nodes.asked().size());
    }

    @ParameterizedTest
    @EnumSource
    void nodeThatTakesNoConnectionIsPassedOverAndTheOthersKeepTheirSessions(Api api)
            throws Exception {
        balance(Map.of());
        Map<String, String> before = nodesOf(api, 30);
        assertEquals(Set.of("node1", "node2", "node3"), Set.copyOf(before.values()));
        nodes.end(1);
        // A body that fits in no buffer too.
        String large = api.body("x".repeat(1 << 20));
        for (int i = 0; i < 6; i++) assertEquals(200, balancer.post(api.path, large).status());
        Map<String, String> after = nodesOf(api, 30);
        before.forEach((session, node) -> {
            if (node.equals("node1")) assertNotEquals("node1", after.get(session));
            else assertEquals(node, after.get(session));
        });
    }

    private Map<String, String> nodesOf(Api api, int sessions) {
        var found = new HashMap<String, String>();
        for (int i = 0; i < sessions; i++)
            found.put("session-" + i, nodes.nodeOf("/session-" + i + api.path, api.body("x")));
        return found;
    }

    @ParameterizedTest
    @EnumSource
    void withoutANodeThereIsA503InTheShapeOfTheApi(Api api) throws Exception {
        balance(Map.of());
        for (int i = 1; i <= 3; i++) nodes.end(i);
        for (int i = 1; i <= 3; i++) balancer.await("node" + i, false);
        for (String session : new String[] {"", "/s1"}) {
            var answer =
                    balancer.post(session + api.path, api.body("x"), "x-request-id", "my-own-id");
            assertEquals(503, answer.status());
            assertEquals("application/json", answer.header("content-type"));
            assertEquals("2", answer.header("retry-after"));
            assertEquals("my-own-id", answer.header("x-request-id"));
            assertEquals("no node can take the request now", api.error(answer.body()));
        }
    }

    @ParameterizedTest
    @CsvSource({"CHAT,'',3", "CHAT,/s1,1", "MESSAGES,'',3", "MESSAGES,/s1,1"})
    void whoWouldBeOneTooManyInTheQueueIsToldAtOnce(Api api, String session, int places)
            throws Exception {
        balance(Map.of("CLUSTER_NODE_MAXCONN", "1", "CLUSTER_QUEUE_MAX", "2"));
        String path = session + api.path;
        var clients = new ArrayList<RawClient>();
        // Two that come at once may be given the same place by two of HAProxy's threads.
        for (int taken = 1; taken <= places; taken++) {
            clients.add(balancer.raw().post(path, api.body("wait")));
            int all = taken;
            Eventually.isTrue("nodes busy", () -> nodes.asked().size() == all);
        }
        String backend = session.isEmpty() ? "nodes" : "sessions";
        for (int queued = 1; queued <= 2; queued++) {
            clients.add(balancer.raw().post(path, api.body("hello")));
            int all = queued;
            Eventually.isTrue("in the queue", () -> queued(backend) == all);
        }
        var refused = balancer.post(path, api.body("x"));
        assertEquals(503, refused.status());
        assertEquals("no node can take the request now", api.error(refused.body()));
        assertEquals(places, nodes.asked().size());

        nodes.asked().forEach(FakeUpstream.Connection::go);
        for (RawClient client : clients) {
            assertEquals(200, client.answer().status());
            client.close();
        }
    }

    private int queued(String backend) {
        return balancer.page("/;csv")
                .lines()
                .filter(line ->
                        line.startsWith(backend + ",BACKEND,")
                                || line.startsWith(backend + ",node"))
                .mapToInt(line -> Integer.parseInt(line.split(",")[2]))
                .sum();
    }

    @ParameterizedTest
    @EnumSource
    void whoWaitsTooLongInTheQueueIsTold(Api api) throws Exception {
        balance(Map.of("CLUSTER_NODE_MAXCONN", "1", "CLUSTER_QUEUE_TIMEOUT", "200ms"));
        try (RawClient running = balancer.raw().post("/s1" + api.path, api.body("wait"))) {
            Eventually.isTrue("busy", () -> nodes.asked().size() == 1);
            var late = balancer.post("/s1" + api.path, api.body("x"));
            assertEquals(503, late.status());
            assertEquals("no node can take the request now", api.error(late.body()));
            nodes.asked().forEach(FakeUpstream.Connection::go);
            assertEquals(200, running.answer().status());
        }
    }
}
