package ccproxy.claude;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ccproxy.wire.Usage;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What answers cost, in billionths of a dollar: a dollar a million tokens is 1,000 a token.
class PricesTest {
    private static final Usage ALL = new Usage(1000, 100, 10, 20, 0, new Usage.Extras(5, 2));

    private static OptionalLong cost(Prices prices, String model, Usage usage) {
        return prices.costNanos("api", model, usage);
    }

    private static long known(String model, Usage usage) {
        return cost(Prices.BUILT_IN, model, usage).orElseThrow();
    }

    @Test
    void everyKindOfTokenHasItsPrice() {
        // 1000 read, 100 written, 10 from the cache, 15 to it for five minutes, 5 for an hour.
        long tokens = 1000 * 3000 + 100 * 15_000 + 10 * 300 + 15 * 3750 + 5 * 6000;
        long searches = 2 * 10_000_000;
        assertEquals(tokens + searches, known("claude-sonnet-4-6", ALL));
        assertEquals(0, known("claude-sonnet-4-6", Usage.NONE));
    }

    @ParameterizedTest
    @CsvSource({
        "claude-opus-5-5, 4000, 20000, 200, 5000, 8000",
        "claude-sonnet-5-5, 2000, 10000, 100, 2500, 4000",
        "claude-haiku-5-5, 100, 500, 10, 125, 200",
        "claude-fable-5-1, 10000, 50000, 250, 12500, 20000",
        "claude-opus-4-8, 5000, 25000, 500, 6250, 10000",
        "claude-opus-4-5-20251101, 5000, 25000, 500, 6250, 10000",
        "claude-opus-4-20250514, 15000, 75000, 1500, 18750, 30000",
        "claude-haiku-4-5@20251001, 1000, 5000, 100, 1250, 2000",
        "claude-3-5-haiku-latest, 800, 4000, 80, 1000, 1600"
    })
    void listPrices(String model, long input, long output, long read, long minutes, long hour) {
        assertEquals(input, known(model, new Usage(1, 0, 0, 0, 0)));
        assertEquals(output, known(model, new Usage(0, 1, 0, 0, 0)));
        assertEquals(read, known(model, new Usage(0, 0, 1, 0, 0)));
        assertEquals(minutes, known(model, new Usage(0, 0, 0, 1, 0)));
        assertEquals(hour, known(model, new Usage(0, 0, 0, 1, 0, new Usage.Extras(1, 0))));
    }

    @Test
    void longPromptHasAnotherPrice() {
        assertEquals(
                100_000 * 100 + 500, known("claude-haiku-5-5", new Usage(100_000, 1, 0, 0, 0)));
        assertEquals(
                100_000 * 500 + 50 + 2500,
                known("claude-haiku-5-5", new Usage(100_000, 1, 1, 0, 0)));
    }

    /// Of the others no price is public; a guess would be worse than none.
    @Test
    void everyModelButTheNewestOfTwoFamiliesHasAPrice() {
        var unpriced = new TreeSet<String>();
        for (var model : ModelDataTest.data().path("models")) {
            String id = model.path("id").asString();
            if (cost(Prices.BUILT_IN, id, ALL).isEmpty()) unpriced.add(id);
        }
        assertEquals("[claude-fable-5-2, claude-mythos-5-2]", unpriced.toString());
    }

    @Test
    void modelWithoutAPriceHasNoCost() {
        for (String model : List.of("gpt-4o", "", "claude-sonnet-5-7", "claude-opus-4-8-fast"))
            assertTrue(cost(Prices.BUILT_IN, model, ALL).isEmpty(), model);
    }

    @Test
    void echoCostsNothingUnlessSomebodySaysSo() {
        assertTrue(Prices.BUILT_IN.costNanos("echo", "claude-opus-5", ALL).isEmpty());
        Prices own = Prices.parse("claude-opus-5=input:1/output:1");
        assertTrue(own.costNanos("echo", "claude-opus-5", ALL).isPresent());
    }

    @Test
    void ownPricesGoFirstExactThenUndatedThenPrefix() {
        Prices own =
                Prices.parse(
                        "claude-*=input:9/output:9, claude-opus-5=input:7/output:7,"
                                + "claude-opus-5-20260724=input:8/output:8,x*=input:6/output:6");
        var one = new Usage(1, 0, 0, 0, 0);
        assertEquals(8000, cost(own, "claude-opus-5-20260724", one).getAsLong());
        assertEquals(7000, cost(own, "claude-opus-5-20260101", one).getAsLong());
        assertEquals(9000, cost(own, "claude-sonnet-5", one).getAsLong());
        assertEquals(6000, cost(own, "x", one).getAsLong());
        assertTrue(cost(own, "y", one).isEmpty());
        assertEquals(
                2000, cost(Prices.parse("y=input:1/output:1"), "claude-sonnet-5", one).getAsLong());
    }

    @Test
    void cachePricesThatAreLeftOutAreTheUsualMultiples() {
        Prices own = Prices.of(Map.of("x", Map.of("input", 2, "output", 10.5)));
        assertEquals(200, cost(own, "x", new Usage(0, 0, 1, 0, 0)).getAsLong());
        assertEquals(2500, cost(own, "x", new Usage(0, 0, 0, 1, 0)).getAsLong());
        assertEquals(
                4000, cost(own, "x", new Usage(0, 0, 0, 1, 0, new Usage.Extras(1, 0))).getAsLong());
        assertEquals(10_500, cost(own, "x", new Usage(0, 1, 0, 0, 0)).getAsLong());
    }

    @Test
    void ownLongPromptMayHaveItsPrice() {
        Prices own = Prices.parse("x=input:1/output:1,x above 10=input:2/output:2");
        assertEquals(10_000, cost(own, "x", new Usage(10, 0, 0, 0, 0)).getAsLong());
        assertEquals(22_000, cost(own, "x", new Usage(11, 0, 0, 0, 0)).getAsLong());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "x",
                "x=",
                "=input:1/output:1",
                "x=input:1",
                "x=output:1",
                "x=input:1/output:1/input:1",
                "x=input:1/output:-1",
                "x=input:1/output:1e3",
                "x=input:1/output:0x1p3",
                "x=input:1/output:NaN",
                "x=input:1/output:1000001",
                "x=input:1/output:1/cached:1",
                "x=input:1/output:1,x=input:2/output:2"
            })
    void wrongTableIsRefused(String table) {
        var e = assertThrows(IllegalArgumentException.class, () -> Prices.parse(table));
        assertTrue(e.getMessage().startsWith("expected "), e.getMessage());
    }

    @Test
    void tableIsBounded() {
        var table = new HashMap<String, Map<String, Integer>>();
        for (int i = 0; i < 1000; i++) table.put("m" + i, Map.of("input", 1, "output", 1));
        Prices.of(table);
        table.put("one more", Map.of("input", 1, "output", 1));
        assertThrows(IllegalArgumentException.class, () -> Prices.of(table));
    }
}
