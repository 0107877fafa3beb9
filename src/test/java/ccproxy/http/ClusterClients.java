package ccproxy.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import tools.jackson.databind.node.ObjectNode;

/// Clients that ask the echo model without a pause: both APIs, streamed and whole, in a session and
/// without one. Each answer is looked over: it is whole and right, or it says or shows that it
/// failed; anything else ends the client, and [#close] tells of it.
final class ClusterClients implements AutoCloseable {
    private static final int TURNS_MAX = 6;
    private static final String SCRIPT =
            "/echo {\"text\":\"%s \",\"delta_count\":10,\"delta_delay_ms\":10}";

    /// One answer.
    ///
    /// @param isWhole else it failed, and the client could tell
    /// @param node that gave it, `""` when the client did not hear of it
    /// @param isInSession whether its request was in a session
    record Result(boolean isWhole, String node, boolean isInSession) {}

    private final Balancer balancer;
    private final List<Client> clients = new ArrayList<>();
    private final List<Throwable> wrong = new CopyOnWriteArrayList<>();
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private volatile boolean isEnding;

    ClusterClients(Balancer balancer) {
        this.balancer = balancer;
        for (Api api : Api.values()) {
            for (boolean isStream : new boolean[] {false, true}) {
                for (boolean isInSession : new boolean[] {false, true})
                    clients.add(new Client(api, isStream, isInSession));
            }
        }
        clients.forEach(client -> threads.execute(client::run));
    }

    /// Waits until every client has had `count` more answers.
    void awaitEach(int count) {
        List<Integer> from = mark();
        for (int i = 0; i < clients.size(); i++) {
            Client client = clients.get(i);
            int wanted = from.get(i) + count;
            Eventually.isTrue(
                    client + " goes on", () -> client.results.size() >= wanted || !wrong.isEmpty());
        }
        assertEquals(List.of(), wrong);
    }

    /// {@return how many answers each client has had}
    List<Integer> mark() {
        return clients.stream().map(client -> client.results.size()).toList();
    }

    /// {@return the answers since a mark, by client}
    List<List<Result>> since(List<Integer> mark) {
        var since = new ArrayList<List<Result>>();
        for (int i = 0; i < clients.size(); i++) {
            List<Result> all = List.copyOf(clients.get(i).results);
            since.add(all.subList(mark.get(i), all.size()));
        }
        return since;
    }

    /// Waits until a node has answered, both in a session and without one.
    void awaitAnswersOf(String node) {
        List<Integer> mark = mark();
        for (boolean isInSession : new boolean[] {false, true}) {
            var wanted = new Result(true, node, isInSession);
            Eventually.isTrue(
                    wanted.toString(),
                    () -> since(mark).stream().anyMatch(results -> results.contains(wanted)));
        }
    }

    @Override
    public void close() {
        isEnding = true;
        threads.close();
        assertEquals(List.of(), wrong);
    }

    /// One client and its conversation.
    private final class Client {
        private final Api api;
        private final boolean isStream;
        private final boolean isInSession;
        private final List<Result> results = new CopyOnWriteArrayList<>();
        private final List<String> said = new ArrayList<>();
        private int conversation;

        Client(Api api, boolean isStream, boolean isInSession) {
            this.api = api;
            this.isStream = isStream;
            this.isInSession = isInSession;
        }

        private void run() {
            try {
                while (!isEnding) turn();
            } catch (Throwable thrown) {
                wrong.add(thrown);
            }
        }

        /// Asks, with the whole history; what failed is asked again.
        private void turn() {
            if (said.size() == 2 * TURNS_MAX) {
                said.clear();
                conversation++;
            }
            String word = "turn-" + said.size();
            said.add(SCRIPT.formatted(word));
            var result = new Result(false, "", isInSession);
            try (RawClient client = balancer.raw()) {
                String prefix = isInSession ? "/" + this + "-" + conversation : "";
                var answer = client.post(prefix + api.path, request().toString()).answer();
                result = looked(answer, (word + " ").repeat(10));
            } catch (IOException _) {
                // It broke off, in the middle of a chunk or before its head: nobody takes that for
                // whole.
            }
            if (!result.isWhole()) said.removeLast();
            results.add(result);
        }

        private ObjectNode request() {
            ObjectNode request = api.request("", isStream);
            var messages = request.putArray("messages");
            for (int i = 0; i < said.size(); i++) {
                String role = i % 2 == 0 ? "user" : "assistant";
                messages.addObject().put("role", role).put("content", said.get(i));
            }
            return request;
        }

        private Result looked(RawClient.Answer answer, String expected) throws IOException {
            String body = answer.body();
            var failed = new Result(false, Balancer.node(answer), isInSession);
            if (answer.status() != 200) {
                assertTrue(answer.status() >= 500, answer.toString());
                assertTrue(!api.error(body).isEmpty());
                return failed;
            }
            if (isStream && !api.isWhole(body)) {
                String error = api == Api.CHAT ? "data: {\"error\":" : "event: error";
                assertTrue(body.contains(error), "ends, and says neither why nor that: " + body);
                return failed;
            }
            String length = answer.header("content-length");
            if (!length.isEmpty() && Integer.parseInt(length) != body.length())
                throw new IOException("cut short");
            assertEquals(expected, isStream ? api.streamedText(body) : api.text(body), body);
            // What was said so far has reached the model, whichever node it was.
            int words = said.stream().mapToInt(text -> text.split(" ").length).sum();
            if (!isStream) assertEquals(words, api.inputTokens(body), body);
            said.add(expected);
            return new Result(true, Balancer.node(answer), isInSession);
        }

        @Override
        public String toString() {
            String name = api + (isStream ? "-stream" : "-whole") + (isInSession ? "-session" : "");
            return name.toLowerCase(java.util.Locale.ROOT);
        }
    }
}
