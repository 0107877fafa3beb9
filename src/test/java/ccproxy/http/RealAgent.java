package ccproxy.http;

import ccproxy.claude.CliSettings;
import ccproxy.claude.CliSettings.MessageMode;
import ccproxy.wire.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;

/// A server whose CLI is a real one with tools of its own, in a home and a working folder of its
/// own. The model behind it does what it is told to by the last thing said:
///
/// * `use NAME {…}`: says "I look. " and calls that tool
/// * a result of a tool: says "It says: " and the result
/// * `slowly`: says "half" and waits to be let go
/// * `at length`: says that it heard it, and was cut short
/// * anything else: says "heard: " and what it was
final class RealAgent implements AutoCloseable {
    /// What the file `note.txt` in the working folder says.
    static final String NOTE = "the moon is made of rock";

    static final String READ = "use Read {\"file_path\":\"%s\"}";

    private final Path folder;
    private final FakeUpstream upstream;
    private final CliVersion version;
    private String tools = "Read,Bash";
    private MessageMode mode = MessageMode.IGNORE;
    private int processesMax = 4;
    private TestServer server;

    RealAgent(CliVersion version, Path folder) throws IOException {
        version.path();
        this.version = version;
        // As the CLI itself sees it, whatever links lead there.
        this.folder = folder.toRealPath();
        Files.createDirectories(work());
        Files.writeString(note(), NOTE + "\n");
        upstream = FakeUpstream.of(RealAgent::answer);
    }

    RealAgent mode(MessageMode mode) {
        this.mode = mode;
        return this;
    }

    RealAgent processesMax(int processesMax) {
        this.processesMax = processesMax;
        return this;
    }

    RealAgent start() throws IOException {
        server = new TestServer().pingMillis(100).cli(settings()).start();
        return this;
    }

    /// Ends the server and starts another one with the same state.
    void restart() throws IOException {
        server.close();
        start();
    }

    private CliSettings settings() throws IOException {
        return new CliSettings(
                version.path(),
                work().toString(),
                tools,
                "default",
                mode,
                0,
                processesMax,
                state(),
                environment());
    }

    Map<String, String> environment() throws IOException {
        return RealCli.environment(folder, upstream.url());
    }

    Path work() {
        return folder.resolve("work");
    }

    Path state() {
        return folder.resolve("state");
    }

    Path note() {
        return work().resolve("note.txt");
    }

    /// Where the CLI keeps its conversations.
    Path projects() {
        return folder.resolve("home").resolve(".claude").resolve("projects");
    }

    /// {@return a text that has the model read the note}
    String read() {
        return READ.formatted(note());
    }

    TestServer server() {
        return server;
    }

    FakeUpstream upstream() {
        return upstream;
    }

    /// Asks for a whole answer, and expects one.
    ///
    /// @param session `""` for none
    String say(Api api, String session, String text) {
        String path = session.isEmpty() ? api.path : "/" + session + api.path;
        var answer = server.post(path, api.body(text));
        if (answer.statusCode() != 200) throw new AssertionError(answer.body());
        return answer.body();
    }

    /// {@return what the upstream was asked, in order}
    List<JsonNode> asked() {
        return upstream.requests().stream()
                .filter(RealAgent::isAsked)
                .map(request -> Json.tree(request.body()))
                .toList();
    }

    private static boolean isAsked(FakeUpstream.Request request) {
        return request.head().startsWith("POST /v1/messages");
    }

    /// {@return the conversation that the upstream was told of last}
    List<String> told() {
        return told(asked().getLast());
    }

    /// {@return a conversation in short}: `user: text`, `assistant: text`, `call`, `result`
    static List<String> told(JsonNode body) {
        var told = new ArrayList<String>();
        for (JsonNode message : body.path("messages")) {
            String role = message.path("role").asString();
            // The CLI's own.
            if (role.equals("system")) continue;
            JsonNode content = message.path("content");
            if (content.isString()) told.add(role + ": " + content.stringValue());
            for (JsonNode block : content) {
                String type = block.path("type").asString("?");
                String text = block.path("text").asString("");
                switch (type) {
                    // What the CLI says by itself.
                    case "text" -> {
                        if (!text.startsWith("<system-reminder>")) told.add(role + ": " + text);
                    }
                    case "tool_use" -> told.add("call " + block.path("name").asString());
                    case "tool_result" -> told.add("result");
                    default -> told.add(type);
                }
            }
        }
        return told;
    }

    /// The CLI takes answers of one id for parts of one answer.
    private static String begin() {
        return FakeUpstream.START.replace("msg_1", "msg_" + Long.toString(System.nanoTime(), 36));
    }

    private static void answer(FakeUpstream.Connection connection) throws Exception {
        if (!isAsked(connection.request)) {
            connection.json(404, "{}");
            return;
        }
        String said = told(Json.tree(connection.request.body())).getLast();
        connection.stream();
        if (said.equals("result")) {
            connection.chunk(begin());
            connection.text("It says: " + result(connection.request.body()));
            connection.chunk(FakeUpstream.END);
        } else if (said.startsWith("user: use ")) {
            String[] call = said.split(" ", 4);
            connection.chunk(call(call[2], call[3]));
        } else {
            connection.chunk(begin());
            if (said.contains("slowly")) {
                connection.text("half ");
                connection.await();
            }
            connection.text("heard: " + said.replaceFirst("^user: ", ""));
            boolean isCut = said.contains("at length");
            connection.chunk(
                    FakeUpstream.END.replace("end_turn", isCut ? "max_tokens" : "end_turn"));
        }
    }

    private static String result(String body) {
        JsonNode messages = Json.tree(body).path("messages");
        ArrayNode last = (ArrayNode) messages.path(messages.size() - 1).path("content");
        for (JsonNode block : last) {
            JsonNode content = block.path("content");
            if (!content.isMissingNode())
                return content.isString()
                        ? content.stringValue()
                        : content.path(0).path("text").asString("");
        }
        return "";
    }

    private static String call(String name, String input) {
        String begun =
                begin()
                        + FakeUpstream.Connection.delta("I look. ")
                        + """
                        event: content_block_stop
                        data: {"type":"content_block_stop","index":0}

                        event: content_block_start
                        data: {"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"toolu_%s","name":"%s","input":{}}}

                        event: content_block_delta
                        data: {"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":%s}}

                        """
                                .formatted(
                                        Long.toString(System.nanoTime(), 36),
                                        name,
                                        new String(Json.quoted(input), StandardCharsets.UTF_8));
        String end = FakeUpstream.END.replace("\"index\":0", "\"index\":1");
        return begun + end.replace("end_turn", "tool_use");
    }

    @Override
    public void close() throws IOException {
        if (server != null) server.close();
        upstream.close();
    }
}
