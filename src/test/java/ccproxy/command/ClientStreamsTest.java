package ccproxy.command;

import static ccproxy.command.PlayedServer.answer;
import static ccproxy.command.PlayedServer.stream;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Streams that a client stumbles over, and some that it reads.
class ClientStreamsTest {
    private static final String JSON = "application/json";
    private static final String SSE =
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
    private static final String HEAD =
            "data: {'id':'c','object':'chat.completion.chunk','created':1,'model':'m',";
    private static final String FIRST =
            json(HEAD + "'choices':[{'index':0,'delta':{'role':'assistant','content':'hi'}}]}\n\n");
    private static final String LAST =
            json(HEAD + "'choices':[{'index':0,'delta':{},'finish_reason':'stop'}]}\n\n");
    private static final String USAGE =
            json(
                    HEAD
                            + "'choices':[],'usage':{'prompt_tokens':1,'completion_tokens':1,'total_tokens':2}}\n\n");
    private static final String DONE = "data: [DONE]\n\n";
    private static final String START =
            event(
                    "message_start",
                    "'message':{'id':'m','type':'message','role':'assistant','model':'m','content':[],'usage':{'input_tokens':1}}");
    private static final String BLOCK =
            event("content_block_start", "'index':0,'content_block':{'type':'text','text':''}")
                    + event(
                            "content_block_delta",
                            "'index':0,'delta':{'type':'text_delta','text':'hi'}");
    private static final String BLOCK_END = event("content_block_stop", "'index':0");
    private static final String END =
            event(
                    "message_delta",
                    "'delta':{'stop_reason':'end_turn'},'usage':{'output_tokens':1}");
    private static final String STOP = event("message_stop", "'a':1");

    @TempDir Path folder;
    private Run run;

    @BeforeEach
    void start() {
        run = new Run(folder);
    }

    private static String json(String text) {
        return text.replace('\'', '"');
    }

    private static String event(String type, String more) {
        return json("event: " + type + "\ndata: {'type':'" + type + "'," + more + "}\n\n");
    }

    static Stream<Arguments> chunks() {
        String call =
                HEAD
                        + "'choices':[{'index':0,'delta':{'role':'assistant','tool_calls':[{%s'id':'t','type':'function','function':{'name':'f','arguments':'%s'}}]}}]}\n\n";
        return Stream.of(
                Arguments.of(stream(FIRST, LAST, USAGE), "without data: [DONE]"),
                Arguments.of(stream(FIRST, USAGE, DONE), "no chunk has a finish_reason"),
                Arguments.of(stream(FIRST, LAST, DONE), "no chunk with usage"),
                Arguments.of(stream(FIRST, LAST, USAGE, DONE, LAST), "event after [DONE]"),
                Arguments.of(stream(DONE), "no chunk"),
                Arguments.of(stream(), "no chunk"),
                Arguments.of(stream("data: {broken\n\n"), "no JSON object"),
                Arguments.of(stream(FIRST.replace("\"id\"", "\"xx\"")), "id: expected a string"),
                Arguments.of(
                        stream(FIRST, LAST.replace("\"c\"", "\"d\"")),
                        "expected the first chunk's id"),
                Arguments.of(stream(FIRST.replace(".chunk", "")), "object: expected one of"),
                Arguments.of(stream(FIRST.replace("delta", "xx")), "delta: expected an object"),
                Arguments.of(stream(FIRST.replace("role", "xx")), "role: expected a string"),
                Arguments.of(
                        stream(json(call.formatted("", "{}")), LAST),
                        "tool_calls[0].index: expected an integer"),
                Arguments.of(
                        stream(json(call.formatted("'index':0,", "{")), LAST, USAGE, DONE),
                        "arguments are no JSON"),
                Arguments.of(
                        stream(FIRST, json("data: {'error':{'message':'gone'}}\n\n")),
                        "the answer broke off: gone"),
                Arguments.of(SSE + "ff\r\n" + FIRST, "cut in mid-answer"),
                Arguments.of(SSE + "zz\r\n" + FIRST, "a chunk without a size"),
                Arguments.of(
                        answer("200 OK", "text/html", "hi"),
                        "expected text/event-stream, found text"),
                Arguments.of(
                        answer("200 OK", JSON, "{}"),
                        "expected text/event-stream, found application"));
    }

    @ParameterizedTest
    @MethodSource("chunks")
    void aStreamOfChunksThatAClientStumblesOver(String answer, String problem) throws IOException {
        new ClientLine(run).assertProblem("openai-sdk", answer, problem, "; ");
    }

    static Stream<Arguments> events() {
        return Stream.of(
                Arguments.of(stream(START, BLOCK, BLOCK_END, END), "without message_stop"),
                Arguments.of(stream(BLOCK), "content_block_start comes out of its order"),
                Arguments.of(stream(START, BLOCK, END), "message_delta comes out of its order"),
                Arguments.of(stream(START, BLOCK_END), "content_block_stop comes out"),
                Arguments.of(stream(START, START), "message_start comes out"),
                Arguments.of(stream(START, STOP), "message_stop comes out"),
                Arguments.of(stream(START, END, STOP, STOP), "event after message_stop"),
                Arguments.of(stream(), "no message_start"),
                Arguments.of(stream("data: hi\n\n"), "no JSON object"),
                Arguments.of(
                        stream(START.replace("event: message_start\n", "")),
                        "name is not its type"),
                Arguments.of(
                        stream(START.replace("input_tokens", "xx")),
                        "input_tokens: expected an integer"),
                Arguments.of(
                        stream(START, BLOCK.replace("\"index\":0", "\"index\":1")),
                        "index: expected an integer from 0 to 0, found 1"),
                Arguments.of(
                        stream(START, event("error", "'error':{'message':'Overloaded'}")),
                        "the answer broke off: Overloaded"));
    }

    @ParameterizedTest
    @MethodSource("events")
    void aStreamOfEventsThatAClientStumblesOver(String answer, String problem) throws IOException {
        new ClientLine(run).assertProblem("anthropic-sdk", answer, problem, "; ");
    }

    @ParameterizedTest
    @MethodSource("whole")
    void anAnswerAsItShouldBeIsWell(String client, String answer) throws IOException {
        try (var server = new PlayedServer(answer)) {
            String line = new ClientLine(run).of(client, server, Duration.ofSeconds(10));
            assertTrue(line.startsWith("ok "), line);
        }
    }

    static Stream<Arguments> whole() {
        String ping = "event: ping\ndata: {\"type\":\"ping\"}\n\n";
        String chunked = FIRST + LAST + USAGE + DONE;
        String size = Integer.toHexString(chunked.length());
        return Stream.of(
                Arguments.of("openai-sdk", stream(": comment\n\n", FIRST, LAST, USAGE, DONE)),
                Arguments.of("openai-sdk", SSE + size + "\r\n" + chunked + "\r\n0\r\n\r\n"),
                Arguments.of("openai-sdk", "HTTP/1.1 100 Continue\r\n\r\n" + stream(chunked)),
                Arguments.of("anthropic-sdk", stream(START, ping, BLOCK, BLOCK_END, END, STOP)),
                Arguments.of("claude-code", answer("404 X", JSON, "{}")));
    }

    @Test
    void aForcedCallThatIsNotMadeIsAProblem() throws IOException {
        try (var server = new PlayedServer(stream(FIRST, LAST, DONE))) {
            new ClientLine(run).of("openai-sdk", server, Duration.ofSeconds(10));
            assertTrue(run.out().contains("the tool weather had to be called"), run.out());
        }
        String warned =
                stream(FIRST, LAST, DONE)
                        .replaceFirst("\r\n", "\r\nx-ccproxy-warnings: tool_choice=auto\r\n");
        try (var server = new PlayedServer(warned)) {
            new ClientLine(run).of("openai-sdk", server, Duration.ofSeconds(10));
            assertFalse(run.out().contains("had to be called"), run.out());
            assertTrue(run.out().contains("not honoured: tool_choice=auto"), run.out());
        }
    }

    @Test
    void aCompressedAnswerIsReadAsTheClientReadsIt() throws IOException {
        var body = new ByteArrayOutputStream();
        try (var gzip = new GZIPOutputStream(body)) {
            gzip.write((FIRST + LAST + USAGE + DONE).getBytes(StandardCharsets.US_ASCII));
        }
        var answer = new ByteArrayOutputStream();
        String head =
                "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-encoding: gzip\r\n\r\n";
        answer.writeBytes(head.getBytes(StandardCharsets.US_ASCII));
        answer.writeBytes(body.toByteArray());
        try (var server = new PlayedServer(answer.toByteArray())) {
            String line = new ClientLine(run).of("openai-sdk", server, Duration.ofSeconds(10));
            assertTrue(line.startsWith("ok "), line);
        }
    }
}
