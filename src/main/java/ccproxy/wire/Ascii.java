package ccproxy.wire;

/// Characters as protocols have them: no other alphabet's digits are digits here.
public final class Ascii {
    private Ascii() {}

    /// {@return whether all from `from` to before `to` are digits; none are too}
    public static boolean isDigits(String text, int from, int to) {
        for (int i = from; i < to; i++) {
            if (text.charAt(i) < '0' || text.charAt(i) > '9') return false;
        }
        return true;
    }
}
