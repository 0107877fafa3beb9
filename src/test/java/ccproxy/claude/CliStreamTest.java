package ccproxy.claude;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ccproxy.http.Eventually;
import ccproxy.wire.ApiException;
import ccproxy.wire.ErrorKind;
import ccproxy.wire.SseEvent;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// One answer of a CLI process, whatever the process does.
@Timeout(60)
class CliStreamTest extends Clis {
    /// A failure's status, its code for Chat Completions clients and its words.
    private static void fails(ErrorKind kind, String code, String words, ApiException failure) {
        assertEquals(kind, failure.kind(), failure.getMessage());
        assertTrue(failure.getMessage().contains(words), failure.getMessage());
        String body = new String(failure.chatBody(), java.nio.charset.StandardCharsets.UTF_8);
        assertTrue(body.contains("\"code\":\"" + code + "\""), body);
    }

    @Test
    void answerIsTheModelsOwnEvents() throws Exception {
        open(0, 1);
        List<SseEvent> events = Answers.all(ask("play[start;texts 3 word ;stop]"));
        assertEquals(
                List.of(
                        "message_start",
                        "content_block_start",
                        "content_block_delta",
                        "content_block_delta",
                        "content_block_delta",
                        "content_block_stop",
                        "message_delta",
                        "message_stop"),
                events.stream().map(SseEvent::name).toList());
        assertEquals(
                "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
                events.getLast().toString());
        assertTrue(
                fake.told(onlyPid())
                        .subList(0, 3)
                        .equals(List.of("initialize", "apply_flag_settings", ".")));
    }

    @Test
    void linesThatMeanNothingArePassedOver() throws Exception {
        open(0, 1);
        assertEquals("ab", said("start;text a;garbage;half;unknown;text b;stop"));
        assertEquals("a", said("start;text a;unstopped"), "without message_stop");
        assertEquals("hi", said("noinit;say hi"));
        assertEquals("whole", said("whole whole"), "without events");
        assertEquals(1, fake.pids().size(), "the process serves on");
    }

    @Test
    void wholeAnswerWithoutEventsIsGivenSome() throws Exception {
        open(0, 1);
        var message = Answers.message(ask("play[thought deep;whole hello]"));
        assertEquals("deep", message.path("content").path(0).path("thinking").asString());
        assertEquals("sig", message.path("content").path(0).path("signature").asString());
        assertEquals("hello", message.path("content").path(1).path("text").asString());
        assertEquals("end_turn", message.path("stop_reason").asString());
    }

    @Test
    void whatTheCliAsksIsRefused() throws Exception {
        open(0, 1);
        assertEquals("hi", said("ask can_use_tool;say hi"));
        assertEquals("ho", said("ask elicitation;cancel;say ho"));
        Eventually.isTrue("two refusals", () -> fake.count("line {\"type\":\"control_resp") == 2);
        List<String> refusals =
                fake.received().stream().filter(l -> l.contains("control_response")).toList();
        assertTrue(refusals.get(0).contains("\"behavior\":\"deny\""), refusals.get(0));
        assertTrue(refusals.get(0).contains("\"request_id\":\"ask-1\""), refusals.get(0));
        assertTrue(
                refusals.get(1).contains("Unsupported control request subtype: elicitation"),
                refusals.get(1));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    noinit                                         | UNREACHABLE | Reached maximum
                    start;text a;unreasoned;stopped                | UNREACHABLE | Reached maximum
                    start;text a;abandoned;whole b                 | UNREACHABLE | Reached maximum
                    start;text a;abandoned;synthetic 529 server_error API Error: 529 Overloaded. | OVERLOADED | Overloaded.
                    synthetic 0 authentication_failed Not logged in · Please run /login | AUTHENTICATION | is not logged in
                    synthetic 404 model_not_found There's an issue with the selected model | NOT_FOUND | There's an issue
                    """)
    void turnThatFailsHasTheKindOfItsFailureAndTheProcessServesOn(
            String steps, ErrorKind kind, String words) throws Exception {
        open(0, 1);
        CliStream stream = ask("play[" + steps + "]");
        ApiException failure = Answers.failure(stream);
        assertEquals(kind, failure.kind(), failure.getMessage());
        assertTrue(failure.getMessage().contains(words), failure.getMessage());
        stream.close();
        assertEquals("fine", said("say fine"));
        assertEquals(1, fake.pids().size());
        assertEquals(0, count("kills"));
    }

    @Test
    void limitsThatWereToldGoWithTheRefusal() throws Exception {
        open(0, 1);
        long resetsAt = Clock.systemUTC().instant().getEpochSecond() + 100;
        ApiException failure =
                Answers.failure(
                        ask(
                                "play[limit "
                                        + resetsAt
                                        + ";synthetic 429 rate_limit API Error: Request rejected (429) · slow down]"));
        assertEquals(ErrorKind.RATE_LIMIT, failure.kind());
        assertEquals("slow down", failure.getMessage());
        long wait = Long.parseLong(failure.headers().get("retry-after").getFirst());
        assertTrue(wait > 90 && wait <= 100, wait + " s");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "exit 7 it broke",
                "noinit;exit 7 it broke",
                "start;text a;exit 7 it broke",
                "start;text a;unreasoned;exit 7 it broke"
            })
    void processThatEndsInATurnSaysWhyAndIsReplaced(String steps) throws Exception {
        open(0, 1);
        fails(
                ErrorKind.UNREACHABLE,
                "cli_crashed",
                "the claude process ended with exit code 7: it broke",
                Answers.failure(ask("play[" + steps + "]")));
        assertEquals("fine", said("say fine"));
        assertEquals(2, fake.pids().size());
    }

    @Test
    void processThatEndsBeforeItsTurnSaysWhy() throws Exception {
        open(0, 1, "start-exit 3", "start-stderr no room");
        fails(
                ErrorKind.UNREACHABLE,
                "cli_crashed",
                "the claude process ended with exit code 3: no room",
                Answers.failure(ask("hi")));
        for (String control : List.of("initialize", "settings")) {
            fake.options(control + " exit at " + control);
            fails(
                    ErrorKind.UNREACHABLE,
                    "cli_crashed",
                    "the claude process ended with exit code 4: at " + control,
                    Answers.failure(ask("hi")));
        }
        assertEquals(3, fake.pids().size());
    }

    @Test
    void answerThatWasWholeIsNoneTheWorseForACrashAfterIt() throws Exception {
        open(0, 1);
        assertEquals("a", said("say a;exit 7 late"));
        assertEquals("b", said("say b"));
        assertEquals(2, fake.pids().size());
    }

    @Test
    void deadProcessWhoseChildHoldsItsPipeIsNoticedSoon() throws Exception {
        open(0, 1);
        long begun = System.nanoTime();
        fails(
                ErrorKind.UNREACHABLE,
                "cli_crashed",
                "the claude process ended with exit code 3",
                Answers.failure(ask("play[start;text a;child;exit 3 gone]")));
        Eventually.assertSoon(begun);
        assertEquals("b", said("say b"));
        fake.children().forEach(pid -> ProcessHandle.of(pid).ifPresent(ProcessHandle::destroy));
    }

    @Test
    void requestThatTheProcessDidNotTakeIsNotAnswered() throws Exception {
        open(0, 1, "settings error bad settings");
        fails(
                ErrorKind.UNREACHABLE,
                "upstream_unreachable",
                "did not take the request: bad settings",
                Answers.failure(ask("play[say secret]")));
        pool.close();
        open(0, 1, "settings late");
        fails(
                ErrorKind.UNREACHABLE,
                "upstream_unreachable",
                "did not take the request",
                Answers.failure(ask("play[say secret]")));
    }

    @Test
    void lineWithoutEndIsNoAnswer() throws Exception {
        open(0, 1);
        ApiException failure = Answers.failure(ask("play[start;endless 110;hang]"));
        assertEquals(ErrorKind.UNREACHABLE, failure.kind());
        assertTrue(failure.getMessage().contains("a line is longer than"), failure.getMessage());
        assertEquals("fine", said("say fine"));
    }

    @Test
    void answerOfFiftyMegabytesPasses() throws Exception {
        open(0, 1);
        assertEquals("a", said("start;text a;huge 50;unreasoned;unstopped"));
    }

    @Test
    void silenceEndsInEachStateWithinItsBound() throws Exception {
        fake = new FakeCli(folder);
        open(fake.claude(0, 9, Duration.ofSeconds(10), Duration.ofMillis(100)), Clock.systemUTC());
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var failures = new ArrayList<Future<ApiException>>();
            for (String option : List.of("initialize hang", "settings hang", "turn hang")) {
                fake.options(option);
                int before = fake.pids().size();
                failures.add(threads.submit(() -> Answers.failure(ask("hi"))));
                Eventually.isTrue("started", () -> fake.pids().size() > before);
            }
            for (String steps : List.of("hang-before-init", "hang", "start;text a;hang"))
                failures.add(threads.submit(() -> Answers.failure(ask("play[" + steps + "]"))));
            for (Future<ApiException> failure : failures)
                fails(ErrorKind.TIMEOUT, "timeout", "was silent for", failure.get());
        }
        // Those that hear nothing are killed, the others serve on.
        Eventually.isTrue("all stopped", () -> count("interrupts") == 6 && count("kills") == 2);
    }

    @Test
    void closedStreamInterruptsAndTheProcessServesOn() throws Exception {
        open(0, 1);
        CliStream stream = begun("", "start;text a;hang");
        stream.close();
        stream.close();
        assertEquals("b", said("say b"));
        long pid = onlyPid();
        cleared(pid, 2);
        assertEquals(
                List.of(
                        "initialize",
                        "apply_flag_settings",
                        ".",
                        "interrupt",
                        "blank",
                        "/clear",
                        "apply_flag_settings",
                        ".",
                        "blank",
                        "/clear"),
                fake.told(pid));
        assertEquals(1, count("interrupts"));
    }

    @Test
    void closingWakesTheReader() throws Exception {
        open(0, 1);
        CliStream stream = begun("", "start;hang");
        Answers.event(stream);
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<ApiException> reader = threads.submit(() -> Answers.failure(stream));
            stream.close();
            assertEquals(ErrorKind.INCOMPLETE, reader.get().kind());
        }
    }

    @Test
    void closedBeforeItWasAskedStartsNothing() throws Exception {
        open(0, 1);
        CliStream stream = ask("hi");
        stream.close();
        assertEquals(ErrorKind.INCOMPLETE, Answers.failure(stream).kind());
        assertEquals(List.of(), pool.pids());
        assertEquals("fine", said("say fine"));
    }

    @Test
    void processThatDoesNotStopIsKilledWithItsChildrenAndReplaced() throws Exception {
        open(0, 1, "interrupt ignore", "stay");
        CliStream stream = begun("", "start;text a;child;hang");
        Eventually.isTrue("child", () -> fake.children().size() == 1);
        long child = fake.children().getFirst();
        assertTrue(FakeCli.isAlive(child));
        long begun = System.nanoTime();
        stream.close();
        fake.options();
        assertEquals("b", said("say b"));
        long millis = (System.nanoTime() - begun) / 1_000_000;
        assertTrue(millis >= 1900, millis + " ms");
        Eventually.assertSoon(begun);
        assertEquals(2, fake.pids().size());
        gone(child);
        assertEquals(1, count("kills"));
        assertFalse(pool.pids().isEmpty());
    }

    @Test
    void answerWithoutAResultIsWholeAndItsProcessIsReplaced() throws Exception {
        open(0, 1);
        assertEquals("a", said("say a;noresult"));
        assertEquals("b", said("say b"));
        assertEquals(2, fake.pids().size());
        assertEquals(1, count("kills"));
    }
}
