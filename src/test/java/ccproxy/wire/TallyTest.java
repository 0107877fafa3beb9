package ccproxy.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class TallyTest {
    private static SseEvent event(String name, String json) {
        return SseEvent.of(name, json.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void anAnswerIsCountedAsItPasses() {
        var tally = new Tally();
        tally.add(
                event(
                        "message_start",
                        "{'message':{'usage':{'input_tokens':10,'output_tokens':1}}}"));
        tally.add(event("ping", "{}"));
        assertFalse(tally.hasContent());
        tally.add(event("content_block_delta", "{}"));
        assertTrue(tally.hasContent());
        tally.add(
                event(
                        "message_delta",
                        "{'delta':{'stop_reason':'end_turn'},'usage':{'output_tokens':5}}"));
        tally.add(
                event(
                        "message_delta",
                        "{'delta':{'stop_reason':null},'usage':{'output_tokens':null}}"));
        assertFalse(tally.isComplete());
        tally.add(event("message_stop", "{}"));
        assertTrue(tally.isComplete());
        assertEquals(new Usage(10, 5, 0, 0, 0), tally.usage());
        assertEquals("end_turn", tally.stopReason());
    }

    @Test
    void aWholeAnswerIsCountedAtOnce() {
        var tally = new Tally();
        byte[] message =
                "{\"stop_reason\":\"refusal\",\"usage\":{\"output_tokens\":7}}"
                        .getBytes(StandardCharsets.UTF_8);
        tally.add(SseEvent.whole(message));
        assertTrue(tally.hasContent() && tally.isComplete());
        assertEquals("refusal", tally.stopReason());
        assertEquals(7, tally.usage().outputTokens());
    }

    @Test
    void brokenEventsCountNothing() {
        var tally = new Tally();
        tally.add(event("message_start", "[]"));
        tally.add(event("message_delta", "{'delta':7,'usage':'x'}"));
        assertEquals(Usage.NONE, tally.usage());
        assertEquals("", tally.stopReason());
        assertEquals(
                429,
                Tally.failure(event("error", "{'error':{'type':'rate_limit_error','message':'m'}}"))
                        .messagesStatus());
    }
}
