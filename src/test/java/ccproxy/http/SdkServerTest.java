package ccproxy.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ccproxy.claude.FakeCli;
import ccproxy.observe.ParsedMetrics;
import ccproxy.wire.Json;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;

/// The server in front of a Claude Code CLI, both APIs.
@Timeout(60)
class SdkServerTest {
    /// A `claude` of a few lines, for when there are many: it says a word every second until it is
    /// interrupted.
    private static final String SMALL =
            """
            case "$1" in --version) echo "2.1.330 (Claude Code)"; exit;; esac
            exec /usr/bin/env bash -c '
            event() { printf "{\\"type\\":\\"stream_event\\",\\"event\\":%s,\\"parent_tool_use_id\\":null}\\n" "$1"; }
            word() { event "{\\"type\\":\\"content_block_delta\\",\\"index\\":0,\\"delta\\":{\\"type\\":\\"text_delta\\",\\"text\\":\\"word \\"}}"; }
            talks=
            for (( ; ; )); do
              IFS= read -r -t 1 line; code=$?
              if [ $code -gt 128 ]; then [ -z "$talks" ] || { word; word; word; }; continue; fi
              [ $code -eq 0 ] || exit 0
              case "$line" in
                *control_request*)
                  id=${line#*request_id\\":\\"}; id=${id%%\\"*}
                  printf "{\\"type\\":\\"control_response\\",\\"response\\":{\\"subtype\\":\\"success\\",\\"request_id\\":\\"%s\\"}}\\n" "$id"
                  case "$line" in *\\"interrupt\\"*) [ -z "$talks" ] || { talks=; printf "{\\"type\\":\\"result\\",\\"is_error\\":true,\\"total_cost_usd\\":0}\\n"; };; esac;;
                */clear*) printf "{\\"type\\":\\"result\\",\\"is_error\\":false,\\"total_cost_usd\\":0}\\n";;
                *)
                  printf "{\\"type\\":\\"system\\",\\"subtype\\":\\"init\\"}\\n"
                  event "{\\"type\\":\\"message_start\\",\\"message\\":{\\"id\\":\\"m\\",\\"type\\":\\"message\\",\\"role\\":\\"assistant\\",\\"model\\":\\"m\\",\\"content\\":[],\\"usage\\":{}}}"
                  event "{\\"type\\":\\"content_block_start\\",\\"index\\":0,\\"content_block\\":{\\"type\\":\\"text\\",\\"text\\":\\"\\"}}"
                  word; talks=1;;
              esac
            done'
            """;

    @TempDir Path folder;
    private FakeCli fake;
    private TestServer server;

    @BeforeEach
    void start() {
        fake = new FakeCli(folder);
        server = new TestServer().cli(fake.settings(0, 1)).pingMillis(2000).start();
    }

    @AfterEach
    void stop() {
        server.close();
        for (long pid : fake.pids()) Eventually.isTrue("gone", () -> !FakeCli.isAlive(pid));
    }

    @ParameterizedTest
    @EnumSource
    void answersWholeAndInEvents(Api api) {
        var whole = server.post(api.path, api.body("play[start;texts 3 word.;stop]"));
        assertEquals(200, whole.statusCode(), whole.body());
        assertEquals("word.word.word.", api.text(whole.body()));
        assertEquals(12, api.inputTokens(whole.body()));
        assertEquals("sdk", whole.headers().firstValue("x-ccproxy-backend").orElse(""));
        var stream = server.post(api.path, api.stream("play[start;texts 3 word.;stop]"));
        assertEquals(200, stream.statusCode(), stream.body());
        assertEquals("word.word.word.", api.streamedText(stream.body()));
        assertTrue(api.isWhole(stream.body()), stream.body());
    }

    @Test
    void processesAndTheirAnswersAreCounted() {
        server.post("/v1/messages", Api.MESSAGES.body("play[start;texts 3 word.;stop]"));
        String refused = "play[synthetic 429 rate_limit API Error: 429 wait]";
        server.post("/v1/messages", Api.MESSAGES.stream(refused));
        var seen = new ParsedMetrics(server.get("/metrics").body());
        String responses = "ccproxy_upstream_responses_total{backend=\"sdk\",status=";
        assertEquals(1, seen.value(responses + "\"200\"}"));
        assertEquals(1, seen.value(responses + "\"429\"}"));
        assertEquals(
                2, seen.value("ccproxy_queue_wait_seconds_count{queue=\"cli\",backend=\"sdk\"}"));
        assertTrue(seen.value("ccproxy_cli_processes_started_total") >= 1);
        assertTrue(
                seen.value("ccproxy_cost_usd_total{backend=\"sdk\",model=\"claude-sonnet-5\"}")
                        > 0);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    401 | 401 | authentication_failed | Failed to authenticate. API Error: 401 bad key | bad key
                    400 | 400 | unknown      | API Error: 400 messages: too odd          | messages: too odd
                    404 | 404 | model_not_found | There's an issue with the selected model | There's an issue
                    429 | 429 | rate_limit   | API Error: Request rejected (429) · wait  | wait
                    529 | 529 | server_error | API Error: 529 Overloaded.                | Overloaded.
                    502 | 0   | server_error | API Error: Connection refused             | Connection refused
                    """)
    void errorBeforeTheFirstEventHasItsOwnStatus(
            int expected, int status, String error, String text, String words) {
        String steps = "play[synthetic " + status + " " + error + " " + text + "]";
        for (Api api : Api.values()) {
            for (String body : List.of(api.body(steps), api.stream(steps))) {
                var answer = server.post(api.path, body);
                // Clients of Chat Completions do not know 529.
                boolean isOverloaded = expected == 529 && api == Api.CHAT;
                int known = isOverloaded ? answer.statusCode() : expected;
                assertEquals(known, answer.statusCode(), answer.body());
                assertTrue(answer.statusCode() >= 400, answer.body());
                assertTrue(api.error(answer.body()).contains(words), answer.body());
            }
        }
        assertEquals(1, fake.pids().size(), "one process serves them all");
    }

    @ParameterizedTest
    @EnumSource
    void crashIsA502ThatSaysWhy(Api api) {
        for (String body :
                List.of(api.body("play[exit 7 boom]"), api.stream("play[exit 7 boom]"))) {
            var answer = server.post(api.path, body);
            assertEquals(502, answer.statusCode(), answer.body());
            assertEquals(
                    "the claude process ended with exit code 7: boom", api.error(answer.body()));
        }
        assertEquals("fine", api.text(server.post(api.path, api.body("play[say fine]")).body()));
    }

    @ParameterizedTest
    @EnumSource
    void answerThatBreaksOffNeverLooksWhole(Api api) {
        for (String steps :
                List.of(
                        "start;text a;exit 7 boom",
                        "start;text a;abandoned;synthetic 529 server_error API Error: 529 Overloaded.",
                        "start;text a;unreasoned;stopped")) {
            var answer = server.post(api.path, api.stream("play[" + steps + "]"));
            assertEquals(200, answer.statusCode());
            assertTrue(answer.body().contains("error"), answer.body());
            assertTrue(!api.isWhole(answer.body()), answer.body());
            var whole = server.post(api.path, api.body("play[" + steps + "]"));
            assertTrue(whole.statusCode() >= 502, whole.body());
        }
    }

    @ParameterizedTest
    @CsvSource({"CHAT, true", "MESSAGES, true", "CHAT, false", "MESSAGES, false"})
    @EnabledOnOs(OS.LINUX)
    void clientThatLeavesInterruptsTheAnswerAndTheProcessServesOn(Api api, boolean isStream)
            throws Exception {
        String steps = "play[start;text first;hang]";
        RawClient client =
                server.raw().post(api.path, isStream ? api.stream(steps) : api.body(steps));
        if (isStream) client.readUntil("first");
        else Eventually.isTrue("asked", () -> fake.count("line {\"type\":\"user\"") == 1);
        client.close();
        long pid = fake.pids().getFirst();
        Eventually.isTrue("interrupted", () -> fake.told(pid).contains("interrupt"));
        assertEquals(499, server.log().requestLines(1).getFirst().path("status").asInt());
        assertEquals("fine", api.text(server.post(api.path, api.body("play[say fine]")).body()));
        assertEquals(List.of(pid), fake.pids());
    }

    @ParameterizedTest
    @EnumSource
    void interruptedSessionIsToldSoWhileItWaitsForAProcess(Api api) throws Exception {
        try (var small = new TestServer().cli(fake.settings(0, 1)).pingMillis(2000).start()) {
            RawClient busy = small.raw().post(api.path, api.stream("play[start;text first;hang]"));
            busy.readUntil("first");
            var waiting = small.sendAsync("POST", "/s1" + api.path, api.body("play[say x]"));
            Eventually.isTrue(
                    "waits", () -> small.session("s1").path("state").asString().equals("busy"));
            small.send("DELETE", "/sessions/s1", "");
            assertEquals(409, waiting.join().statusCode(), waiting.join().body());
            busy.close();
        }
    }

    @ParameterizedTest
    @EnumSource
    void sessionOutlivesTheServer(Api api) {
        assertEquals(200, server.post("/s1" + api.path, api.body("play[say one]")).statusCode());
        server.close();
        server = new TestServer().cli(fake.settings(0, 1)).start();
        assertEquals(200, server.post("/s1" + api.path, api.body("play[say two]")).statusCode());
        String last =
                fake.received().stream()
                        .filter(line -> line.contains("play[say two]"))
                        .findFirst()
                        .orElseThrow();
        JsonNode env = Json.tree(last.substring(5)).path("request").path("settings").path("env");
        JsonNode messages =
                Json.tree(env.path("CLAUDE_CODE_EXTRA_BODY").asString()).path("messages");
        assertEquals(3, messages.size(), messages.toString());
        assertEquals("one", messages.path(1).path("content").path(0).path("text").asString());
    }

    @Test
    void healthAnswersWhileManyProcessesTalk() throws Exception {
        fake.program(SMALL);
        var clients = new ArrayList<RawClient>();
        try (var many = new TestServer().cli(fake.settings(0, 64)).start()) {
            for (int i = 0; i < 64; i++) {
                Api api = Api.values()[i % 2];
                clients.add(many.raw().post(api.path, api.stream("hi")));
            }
            for (RawClient client : clients) client.readUntil("word ");
            many.get("/health");
            long[] millis = new long[40];
            for (int i = 0; i < millis.length; i++) {
                long begun = System.nanoTime();
                assertEquals(200, many.get("/health/live").statusCode());
                assertEquals(200, many.get("/health").statusCode());
                millis[i] = (System.nanoTime() - begun) / 2_000_000;
            }
            Arrays.sort(millis);
            // Not the slowest: others use this machine too.
            assertTrue(millis[millis.length / 2] < 50, Arrays.toString(millis));
            for (RawClient client : clients) client.readUntil("word ");
            for (RawClient client : clients) client.close();
        }
    }
}
