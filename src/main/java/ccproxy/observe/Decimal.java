package ccproxy.observe;

/// Amounts that are counted in whole parts, written as decimals: exactly and without an exponent.
final class Decimal {
    private static final long[] UNITS = {
        1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000
    };

    private Decimal() {}

    /// Appends `parts` of a unit that has 10^`digits` of them: `12.5`, and `3.0` for whole ones.
    ///
    /// @param parts not negative
    /// @param digits from 1 to 9
    static void append(StringBuilder out, long parts, int digits) {
        long unit = UNITS[digits];
        out.append(parts / unit);
        int point = out.length();
        // The one keeps the zeros in front; the point takes its place.
        out.append(unit + parts % unit).setCharAt(point, '.');
        int end = out.length();
        while (end > point + 2 && out.charAt(end - 1) == '0') end--;
        out.setLength(end);
    }
}
