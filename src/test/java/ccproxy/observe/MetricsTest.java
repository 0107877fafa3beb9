package ccproxy.observe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ccproxy.wire.Usage;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// What exchanges add up to, as Prometheus reads it, whatever clients send.
class MetricsTest {
    private final Metrics metrics = new Metrics();

    private String text() {
        var out = new MetricsText();
        metrics.write(out, _ -> true);
        return new String(out.bytes(), StandardCharsets.UTF_8);
    }

    private ParsedMetrics parsed() {
        return new ParsedMetrics(text());
    }

    @Test
    void nothingThatHappenedIsNoSample() {
        assertEquals(0, parsed().count("ccproxy"));
    }

    @Test
    void eachExchangeCountsOnce() {
        metrics.ended(new Ended().done());
        metrics.ended(new Ended().done());
        metrics.ended(new Ended().route("/v1/messages", 529).usage(Usage.NONE).unpriced().done());
        ParsedMetrics seen = parsed();
        String requests = "ccproxy_http_requests_total{route=\"/v1/messages\",status=";
        assertEquals(2, seen.value(requests + "\"200\"}"));
        assertEquals(1, seen.value(requests + "\"529\"}"));
        String model = "{backend=\"api\",model=\"claude-sonnet-5\"";
        assertEquals(20, seen.value("ccproxy_tokens_total" + model + ",direction=\"input\"}"));
        assertEquals(10, seen.value("ccproxy_tokens_total" + model + ",direction=\"output\"}"));
        assertEquals(60, seen.value("ccproxy_tokens_total" + model + ",direction=\"cache_read\"}"));
        assertEquals(
                120, seen.value("ccproxy_tokens_total" + model + ",direction=\"cache_creation\"}"));
        assertEquals(0.004, seen.value("ccproxy_cost_usd_total" + model + "}"), 1e-12);
        assertEquals(3, seen.value("ccproxy_first_token_seconds_count" + model + "}"));
        assertEquals(0.003, seen.value("ccproxy_first_token_seconds_sum" + model + "}"), 1e-12);
        // A bucket holds what is not above its bound.
        assertEquals(
                3, seen.value("ccproxy_first_token_seconds_bucket" + model + ",le=\"0.001\"}"));
    }

    @Test
    void nameOfAModelThatIsASecretOrNoTextIsNoLabel() {
        for (String model : List.of("\ud800", "\ud801", "a\udc00", "x".repeat(101)))
            metrics.ended(new Ended().model(model, false).done());
        metrics.ended(new Ended().model("sk-ant-api03-hunter2hunter2", false).done());
        String text = text();
        assertFalse(text.contains("hunter2"), text);
        String tokens = "ccproxy_tokens_total{backend=\"api\",model=\"%s\",direction=\"input\"}";
        assertEquals(40, parsed().value(tokens.formatted("other")));
        assertEquals(10, parsed().value(tokens.formatted("sk-ant-***")));
    }

    @Test
    void modelWithoutAPriceHasNoCost() {
        metrics.ended(new Ended().unpriced().done());
        assertEquals(0, parsed().count("ccproxy_cost_usd_total"));
    }

    @Test
    void unlistedModelsAreNamedUpToTheFiftiethAndKnownOnesAlways() {
        for (int i = 0; i < Metrics.UNLISTED_MAX + 20; i++)
            metrics.ended(new Ended().model("made-up-" + i, false).done());
        metrics.ended(new Ended().model("claude-opus-5", true).done());
        metrics.ended(new Ended().model("made-up-3", false).done());
        metrics.ended(new Ended().model("x".repeat(101), false).done());
        ParsedMetrics seen = parsed();
        String count = "ccproxy_first_token_seconds_count{backend=\"api\",model=";
        assertEquals(Metrics.UNLISTED_MAX + 2, seen.count(count));
        assertEquals(1, seen.value(count + "\"made-up-49\"}"));
        assertEquals(-1, seen.value(count + "\"made-up-50\"}"));
        assertEquals(2, seen.value(count + "\"made-up-3\"}"));
        assertEquals(1, seen.value(count + "\"claude-opus-5\"}"));
        assertEquals(21, seen.value(count + "\"other\"}"));
    }

    @Test
    void statusesAreBounded() {
        for (int i = 0; i <= Metrics.STATUSES_MAX; i++)
            metrics.ended(new Ended().route("/v1/messages", i).done());
        ParsedMetrics seen = parsed();
        assertEquals(Metrics.STATUSES_MAX + 1, seen.count("ccproxy_http_requests_total{"));
        assertEquals(Metrics.STATUSES_MAX + 1, seen.sum("ccproxy_http_requests_total{"));
    }

    @Test
    void keysHaveTheirOwn() {
        metrics.ended(new Ended().key("alice").done());
        metrics.ended(new Ended().key("alice").route("/v1/messages", 429).unpriced().done());
        metrics.ended(new Ended().done());
        ParsedMetrics seen = parsed();
        assertEquals(1, seen.value("ccproxy_key_requests_total{key=\"alice\",status=\"429\"}"));
        assertEquals(20, seen.value("ccproxy_key_tokens_total{key=\"alice\",direction=\"input\"}"));
        assertEquals(0.002, seen.value("ccproxy_key_cost_usd_total{key=\"alice\"}"), 1e-12);
        assertEquals(2, seen.count("ccproxy_key_requests_total"));
    }

    @Test
    void keysAreBounded() {
        for (int i = 0; i <= Metrics.KEYS_MAX; i++)
            metrics.ended(new Ended().key("key-" + i).done());
        assertEquals(Metrics.KEYS_MAX + 1, parsed().count("ccproxy_key_cost_usd_total"));
        assertEquals(1, parsed().sum("ccproxy_key_requests_total{key=\"other\""));
    }

    @Test
    void labelsAreEscaped() {
        metrics.ended(new Ended().model("a\"b\\c\nd}", false).done());
        assertTrue(text().contains("model=\"a\\\"b\\\\c\\nd}\""), text());
        parsed();
    }

    @Test
    void orderStays() {
        metrics.ended(new Ended().model("b", false).done());
        metrics.ended(new Ended().model("a", false).done());
        String first = text();
        metrics.ended(new Ended().model("c", false).done());
        List<String> names = names(text());
        names.removeIf(name -> name.contains("\"c\""));
        assertEquals(names(first), names);
        assertTrue(first.indexOf("model=\"a\"") < first.indexOf("model=\"b\""));
    }

    private static List<String> names(String text) {
        return new ArrayList<>(text.lines().map(line -> line.replaceFirst(" [^ ]+$", "")).toList());
    }

    @Test
    void gapsOfAStreamAreAddedAtItsEnd() {
        var gaps = new Gaps();
        gaps.event(0);
        gaps.event(1_000_000);
        gaps.event(2_000_001);
        gaps.event(40_002_000_001L);
        metrics.ended(new Ended().gaps(gaps).done());
        metrics.ended(new Ended().done());
        ParsedMetrics seen = parsed();
        String model = "{backend=\"api\",model=\"claude-sonnet-5\"";
        assertEquals(3, seen.value("ccproxy_inter_event_seconds_count" + model + "}"));
        String bucket = "ccproxy_inter_event_seconds_bucket" + model;
        assertEquals(1, seen.value(bucket + ",le=\"0.001\"}"));
        assertEquals(2, seen.value(bucket + ",le=\"0.0025\"}"));
        assertEquals(2, seen.value(bucket + ",le=\"30.0\"}"));
        assertEquals(40.002000001, seen.value("ccproxy_inter_event_seconds_sum" + model + "}"));
    }

    @Test
    void whatIsNoStreamHasNoGaps() {
        Gaps.NONE.event(1);
        Gaps.NONE.event(2);
        assertEquals(0, Gaps.NONE.counts().length);
    }
}
