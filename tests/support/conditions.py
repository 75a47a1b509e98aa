"""A call of each function that a condition may call."""

CALLS = """
    coalesce(title,'a'); ifnull(title,'a'); nvl(title,'a'); nvl2(title,'a','b'); nullif(title,'a');
    if(archived,'a','b'); nanvl(estimate_points,1); zeroifnull(estimate_points); nullifzero(estimate_points);
    equal_null(title,'a'); isnull(title); isnotnull(title); isnan(estimate_points); greatest(1,2); least(1,2);

    like(title,'a'); ilike(title,'a'); rlike(title,'a'); regexp(title,'a'); regexp_like(title,'a');
    regexp_count(title,'a'); regexp_extract(title,'(a)',1); regexp_extract_all(title,'(a)',1);
    regexp_instr(title,'a'); regexp_replace(title,'a','b'); regexp_substr(title,'a');

    abs(1); cbrt(8.0); ceil(1.5); ceiling(1.5); exp(1.0); floor(1.5); ln(2.0); log(2.0,8.0); log10(2.0);
    log2(2.0); log1p(2.0); mod(5,2); negative(1); positive(1); pmod(5,2); pow(2,2); power(2,2); round(1.5);
    bround(1.5); sign(1.0); signum(1.0); sqrt(4.0); hypot(1.0,2.0); rint(1.5); try_add(1,2); try_divide(1,2);
    try_multiply(1,2); try_subtract(1,2); try_mod(1,2); width_bucket(1.0,0.0,2.0,2); factorial(3); hex(17);
    conv('a',16,10); bin(3); bit_count(3); shiftleft(1,2); shiftright(4,1); div(4,2);

    ascii(title); bit_length(title); btrim(title); char(65); chr(65); char_length(title);
    character_length(title); concat(title,'a'); concat_ws(',',title,'b'); contains(title,'a'); elt(1,'a','b');
    endswith(title,'a'); find_in_set('a','a,b'); format_number(1.5,1); format_string('%s',title);
    initcap(title); instr(title,'a'); lcase(title); left(title,1); len(title); length(title);
    levenshtein(title,'a'); locate('a',title); lower(title); lpad(title,3,'a'); ltrim(title); mask(title);
    octet_length(title); overlay(title placing 'a' from 1); position('a',title); printf('%s',title);
    repeat(title,2); replace(title,'a','b'); reverse(title); right(title,1); rpad(title,3,'a'); rtrim(title);
    soundex(title); space(2); split(title,'a'); split_part(title,'a',1); startswith(title,'a'); substr(title,1);
    substring(title,1,2); substring_index(title,'a',1); translate(title,'a','b'); trim(title); ucase(title);
    upper(title); quote(title); sentences(title);

    base64(title); md5(title); sha(title); sha1(title); sha2(title,256); crc32(title); url_encode(title);
    try_parse_url(title,'HOST'); try_url_decode(title);

    cast(title as string); try_cast(title as int); bigint('1'); boolean('true'); date('2026-01-01');
    decimal('1'); double('1'); float('1'); int('1'); smallint('1'); string(1); timestamp('2026-01-01 00:00:00');
    tinyint('1'); to_char(1,'9'); to_number('1','9'); try_to_number('1','9'); to_varchar(1,'9');

    add_months(due_date,1); date_add(due_date,1); dateadd(due_date,1); date_diff(due_date,start_date);
    datediff(due_date,start_date); date_format(due_date,'yyyy'); date_from_unix_date(1);
    date_part('year',due_date); datepart('year',due_date); date_sub(due_date,1); date_trunc('month',due_date);
    day(due_date); dayname(due_date); dayofmonth(due_date); dayofweek(due_date); dayofyear(due_date);
    extract(year from due_date); from_unixtime(1); from_utc_timestamp(updated_at,'Europe/Berlin');
    hour(updated_at); last_day(due_date); make_date(2026,1,1); make_timestamp(2026,1,1,0,0,0);
    make_dt_interval(1); minute(updated_at); month(due_date); monthname(due_date);
    months_between(due_date,start_date); next_day(due_date,'Mon'); quarter(due_date); second(updated_at);
    timestamp_micros(1); timestamp_millis(1); timestamp_seconds(1); to_date('2026-01-01');
    to_timestamp('2026-01-01'); try_to_timestamp('2026-01-01'); to_unix_timestamp(updated_at);
    to_utc_timestamp(updated_at,'Europe/Berlin'); trunc(due_date,'month'); unix_date(due_date);
    unix_micros(updated_at); unix_millis(updated_at); unix_seconds(updated_at); unix_timestamp(updated_at);
    weekday(due_date); weekofyear(due_date); year(due_date);
    convert_timezone('UTC','Europe/Berlin',timestamp_ntz'2026-01-01 00:00:00'); timestampadd(day,1,due_date);
    timestampdiff(day,due_date,start_date);

    aggregate(labels,0,(a,l)->a+1); array('a'); array_append(labels,'a'); array_compact(labels);
    array_contains(labels,'a'); array_distinct(labels); array_insert(labels,1,'a');
    array_intersect(labels,array('a')); array_join(labels,','); array_max(labels); array_min(labels);
    array_position(labels,'a'); array_prepend(labels,'a'); array_remove(labels,'a'); array_repeat('a',2);
    array_size(labels); array_sort(labels); array_union(labels,array('a')); arrays_overlap(labels,array('a'));
    cardinality(labels); try_element_at(labels,1); exists(labels,l->l='a'); filter(labels,l->l='a');
    forall(labels,l->l='a'); flatten(array(labels)); get(labels,0); reduce(labels,0,(a,l)->a+1); sequence(1,3);
    size(labels); slice(labels,1,1); sort_array(labels); transform(labels,l->lower(l))
"""
CALLED = {call.strip().split("(")[0]: " ".join(call.split()) for call in CALLS.split(";")}
