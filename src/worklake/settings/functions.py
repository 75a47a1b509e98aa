"""The SQL functions that a condition may call: those that every engine knows, and whose answer never changes."""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


ALLOWED = _words(
    """
    coalesce equal_null greatest if ifnull isnan isnotnull isnull least nanvl nullif nullifzero nvl nvl2 zeroifnull

    contains endswith ilike like regexp regexp_count regexp_extract regexp_extract_all regexp_instr regexp_like
    regexp_replace regexp_substr rlike startswith

    ascii base64 bit_length btrim char char_length character_length chr concat concat_ws elt find_in_set format_number
    format_string initcap instr lcase left len length levenshtein locate lower lpad ltrim mask md5 octet_length overlay
    position printf quote repeat replace reverse right rpad rtrim sentences sha sha1 sha2 soundex space split split_part
    substr substring substring_index translate trim try_parse_url try_url_decode ucase upper url_encode

    abs bin bit_count bround cbrt ceil ceiling conv crc32 div exp factorial floor hex hypot ln log log10 log1p log2 mod
    negative pmod positive pow power rint round shiftleft shiftright sign signum sqrt try_add try_divide try_mod
    try_multiply try_subtract width_bucket

    bigint boolean cast date decimal double float int smallint string timestamp tinyint to_char to_number to_varchar
    try_cast try_to_number

    add_months convert_timezone date_add date_diff date_format date_from_unix_date date_part date_sub date_trunc dateadd
    datediff datepart day dayname dayofmonth dayofweek dayofyear extract from_unixtime from_utc_timestamp hour last_day
    make_date make_dt_interval make_timestamp minute month monthname months_between next_day quarter second
    timestamp_micros timestamp_millis timestamp_seconds timestampadd timestampdiff to_date to_timestamp
    to_unix_timestamp to_utc_timestamp trunc try_to_timestamp unix_date unix_micros unix_millis unix_seconds
    unix_timestamp weekday weekofyear year

    aggregate array array_append array_compact array_contains array_distinct array_insert array_intersect array_join
    array_max array_min array_position array_prepend array_remove array_repeat array_size array_sort array_union
    arrays_overlap cardinality exists filter flatten forall get reduce sequence size slice sort_array transform
    try_element_at
    """
)
"""By subject: null and choice, patterns, text, numbers, types, dates and times, lists."""

OF_THE_MOMENT = _words(
    """
    curdate current_date current_time current_timestamp getdate localtime localtimestamp now today
    """
)
"""Their answer depends on when they are asked."""

OF_CHANCE = _words(
    """
    monotonically_increasing_id rand randn random randstr shuffle spark_partition_id uniform uuid
    """
)
"""Their answer differs from time to time."""

OF_THE_SESSION = _words(
    """
    current_catalog current_database current_schema current_timezone current_user input_file_block_length
    input_file_block_start input_file_name session_user user version
    """
)
"""Their answer depends on who asks, and from where."""

OF_MANY_ROWS = _words(
    """
    any any_value approx_count_distinct approx_percentile array_agg avg bit_and bit_or bit_xor bool_and bool_or
    collect_list collect_set corr count count_distinct count_if covar_pop covar_samp cume_dist dense_rank every explode
    explode_outer first first_value grouping grouping_id histogram_numeric inline inline_outer kurtosis lag last
    last_value lead listagg max max_by mean median min min_by mode nth_value ntile percent_rank percentile
    percentile_approx posexplode posexplode_outer product rank regr_count row_number skewness some stack std stddev
    stddev_pop stddev_samp string_agg sum try_avg try_sum var_pop var_samp variance
    """
)
"""They take many rows, or give many; a condition sees one task."""
