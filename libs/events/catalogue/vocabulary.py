"""Every code with its label in English, Vietnamese and Chinese. Code and events hold codes; people read labels.

The original terms are those of the customer-care texts that the domain was taken from, where these have one.
"""

from __future__ import annotations

LANGUAGES = ("en", "vi", "zh")
Labels = dict[str, str]


def _labels(*rows: tuple[str, str, str, str]) -> dict[str, Labels]:
    return {code: {"en": en, "vi": vi, "zh": zh} for code, en, vi, zh in rows}


_CUSTOMERS: dict[str, dict[str, Labels]] = {
    "customer_kinds": _labels(
        ("external", "External customer", "Khách hàng bên ngoài", "外部顾客"),
        ("internal", "Internal customer", "Khách hàng nội bộ", "内部顾客"),
    ),
    "parties": _labels(
        ("person", "Person", "Cá nhân", "个人"),
        ("company", "Company", "Doanh nghiệp", "企业"),
        ("department", "Department", "Phòng ban", "部门"),
    ),
    "stages": _labels(
        ("prospect", "Prospect", "Khách hàng tiềm năng", "潜在顾客"),
        ("active", "Active", "Khách hàng hiện tại", "现有顾客"),
        ("lost", "Lost", "Khách hàng đã mất", "流失顾客"),
        ("won_back", "Won back", "Khách hàng giành lại được", "赢回的顾客"),
    ),
    "loss_reasons": _labels(
        ("died", "Died", "Qua đời", "去世"),
        ("moved", "Moved away", "Chuyển đi nơi khác", "搬迁"),
        ("new_ties", "New business ties", "Có quan hệ làm ăn mới", "建立了新的业务关系"),
        ("competition", "Competition", "Đối thủ cạnh tranh", "竞争对手"),
        ("quality", "Dissatisfied with product or service quality",
         "Không hài lòng về chất lượng sản phẩm hoặc dịch vụ", "对产品或服务质量不满"),
        ("indifference", "Indifference of a member of staff", "Thái độ thờ ơ của nhân viên", "员工态度冷漠"),
        ("other", "Other", "Lý do khác", "其他原因"),
    ),
    "stage_causes": _labels(
        ("stated_active", "Stated as active", "Được ghi nhận là đang hoạt động", "登记为现有顾客"),
        ("purchase", "First purchase", "Mua hàng lần đầu", "首次购买"),
        ("loss", "Left", "Rời bỏ", "流失"),
        ("win_back", "Won back", "Giành lại được", "赢回"),
    ),
    "value_classes": _labels(
        ("A", "Class A: the first 80 % of revenue", "Hạng A: 80 % doanh thu đầu tiên", "A类：前80 %的收入"),
        ("B", "Class B: the next 15 %", "Hạng B: 15 % doanh thu tiếp theo", "B类：其后15 %的收入"),
        ("C", "Class C: the rest", "Hạng C: phần còn lại", "C类：其余顾客"),
    ),
    "approach_ways": _labels(
        ("direct", "Directly", "Trực tiếp", "直接"),
        ("indirect", "Indirectly", "Gián tiếp", "间接"),
    ),
    "win_back_results": _labels(
        ("won_back", "Won back", "Giành lại được", "已赢回"),
        ("refused", "Refused", "Từ chối", "拒绝"),
        ("undecided", "Undecided", "Chưa quyết định", "尚未决定"),
    ),
    "occasions": _labels(
        ("birthday", "Birthday", "Sinh nhật", "生日"),
        ("special_date", "Special date", "Ngày đặc biệt", "特殊日期"),
    ),
    "segment_changes": _labels(
        ("entered", "Entered the segment", "Vào phân khúc", "进入细分群体"),
        ("left", "Left the segment", "Rời phân khúc", "离开细分群体"),
    ),
    "relationship_steps": _labels(
        ("interact", "Interact", "Tương tác", "互动"),
        ("continue", "Continue", "Duy trì liên tục", "连续"),
        ("understand", "Understand", "Thấu hiểu", "了解"),
        ("partner", "Partner", "Thiết lập quan hệ", "建立关系"),
    ),
    "merge_sides": _labels(
        ("survivor", "The surviving record", "Hồ sơ được giữ lại", "保留的档案"),
        ("merged", "The merged record", "Hồ sơ được gộp vào", "被合并的档案"),
    ),
    "duplicate_reasons": _labels(
        ("phone", "Same phone number", "Trùng số điện thoại", "电话相同"),
        ("email", "Same e-mail address", "Trùng địa chỉ email", "电子邮箱相同"),
        ("name_and_birthday", "Same name and birthday", "Trùng tên và ngày sinh", "姓名与生日相同"),
        ("name_and_address", "Same name and address", "Trùng tên và địa chỉ", "姓名与地址相同"),
    ),
    "record_flags": _labels(
        ("bad_phone", "Not a phone number", "Không phải số điện thoại", "不是有效电话"),
        ("bad_email", "Not an e-mail address", "Không phải địa chỉ email", "不是有效电子邮箱"),
    ),
    "contact_kinds": _labels(
        ("phone", "Phone number", "Số điện thoại", "电话号码"),
        ("email", "E-mail address", "Địa chỉ email", "电子邮箱"),
        ("address", "Address", "Địa chỉ", "地址"),
        ("person", "Contact person", "Người liên hệ", "联系人"),
    ),
    "consent_purposes": _labels(
        ("marketing_email", "Marketing by e-mail", "Tiếp thị qua email", "电子邮件营销"),
        ("marketing_message", "Marketing by text message", "Tiếp thị qua tin nhắn", "短信营销"),
        ("phone", "Calls", "Gọi điện thoại", "电话联系"),
        ("visit", "Visits", "Thăm hỏi", "拜访"),
        ("survey", "Surveys", "Khảo sát", "调查"),
        ("profiling", "Profiling", "Phân tích hồ sơ", "用户画像"),
        ("sharing", "Sharing with partners", "Chia sẻ với đối tác", "与合作伙伴共享"),
    ),
    "consent_standings": _labels(
        ("granted", "Granted", "Đồng ý", "同意"),
        ("refused", "Refused", "Từ chối", "拒绝"),
        ("expired", "Expired", "Hết hạn", "已过期"),
    ),
    "field_types": _labels(
        ("text", "Text", "Văn bản", "文本"),
        ("number", "Number", "Số", "数字"),
        ("integer", "Whole number", "Số nguyên", "整数"),
        ("boolean", "Yes or no", "Có hoặc không", "是或否"),
        ("date", "Date", "Ngày", "日期"),
        ("choice", "One of several choices", "Một lựa chọn", "单选"),
        ("choices", "Several choices", "Nhiều lựa chọn", "多选"),
    ),
}  # fmt: skip

_CARE: dict[str, dict[str, Labels]] = {
    "programme_kinds": _labels(
        ("advice", "Advice and guidance on use", "Tư vấn và hướng dẫn sử dụng", "咨询与使用指导"),
        ("maintenance", "Warranty and maintenance", "Bảo hành và bảo trì", "保修与维护"),
        ("supplementary", "Supplementary products", "Sản phẩm bổ sung", "附加产品"),
        ("conference", "Customer conference", "Hội nghị khách hàng", "顾客会议"),
        ("gift", "Gifts and vouchers", "Quà tặng và phiếu ưu đãi", "礼品与优惠券"),
        ("visit", "Visits on special occasions", "Thăm hỏi nhân dịp đặc biệt", "特殊时机的拜访"),
        ("complaints", "Handling of complaints", "Giải quyết khiếu nại", "投诉处理"),
        ("other", "Other services", "Các dịch vụ khác", "其他服务"),
    ),
    "phases": _labels(
        ("before", "Before the sale", "Trước khi bán", "售前"),
        ("during", "During the sale", "Trong khi bán", "售中"),
        ("after", "After the sale", "Sau khi bán", "售后"),
    ),
    "providers": _labels(
        ("own", "We ourselves", "Doanh nghiệp tự thực hiện", "企业自身"),
        ("supplier", "A supplier", "Nhà cung cấp", "供应商"),
        ("distributor", "A distribution partner", "Đối tác phân phối", "分销伙伴"),
        ("joint", "Jointly", "Phối hợp thực hiện", "联合提供"),
    ),
    "value_levels": _labels(
        ("given", "Given value", "Giá trị đương nhiên", "基本价值"),
        ("expected", "Expected value", "Giá trị kỳ vọng", "期望价值"),
        ("added", "Added value", "Giá trị gia tăng", "附加价值"),
    ),
    "triggers": _labels(
        ("event", "Something happened", "Theo sự kiện", "事件触发"),
        ("special_date", "A special date", "Ngày đặc biệt", "特殊日期"),
        ("calendar", "The calendar", "Theo lịch", "日历触发"),
        ("elapsed", "Time has passed", "Sau một khoảng thời gian", "经过一段时间"),
        ("hand", "By hand", "Thủ công", "人工触发"),
    ),
    "delivery_states": _labels(
        ("planned", "Planned", "Đã lên kế hoạch", "已计划"),
        ("delivered", "Delivered", "Đã thực hiện", "已完成"),
        ("missed", "Missed", "Bị bỏ lỡ", "已错过"),
    ),
    "promise_states": _labels(
        ("open", "Open", "Chưa đến hạn", "待履行"),
        ("kept", "Kept", "Đã giữ lời hứa", "已兑现"),
        ("broken", "Broken", "Không giữ lời hứa", "未兑现"),
    ),
    "directions": _labels(
        ("in", "The customer came to us", "Khách hàng liên hệ", "顾客主动联系"),
        ("out", "We went to the customer", "Doanh nghiệp liên hệ", "企业主动联系"),
    ),
    "dimension_sets": _labels(
        ("rater", "RATER: service quality", "RATER: chất lượng dịch vụ", "RATER：服务质量"),
        ("qscv", "QSC+V: restaurants", "QSC+V: nhà hàng", "QSC+V：餐饮业"),
    ),
    "dimensions": _labels(
        ("reliability", "Reliability", "Độ tin cậy", "可靠性"),
        ("assurance", "Assurance", "Sự đảm bảo", "保证性"),
        ("tangibles", "Tangibles", "Phương tiện hữu hình", "有形性"),
        ("empathy", "Empathy", "Sự thấu cảm", "移情性"),
        ("responsiveness", "Responsiveness", "Sự sẵn sàng đáp ứng", "响应性"),
        ("quality", "Quality", "Chất lượng", "品质"),
        ("service", "Service", "Phục vụ", "服务"),
        ("cleanliness", "Cleanliness", "Sạch sẽ", "清洁"),
        ("value", "Value", "Giá trị", "价值"),
    ),
    "determinants": _labels(
        ("reliability", "Reliability", "Độ tin cậy", "可靠性"),
        ("responsiveness", "Responsiveness", "Sự sẵn sàng đáp ứng", "响应性"),
        ("competence", "Competence", "Năng lực", "胜任能力"),
        ("access", "Access", "Khả năng tiếp cận", "可接近性"),
        ("courtesy", "Courtesy", "Sự lịch thiệp", "礼貌"),
        ("communication", "Communication", "Giao tiếp", "沟通"),
        ("credibility", "Credibility", "Sự tín nhiệm", "可信度"),
        ("security", "Security", "Sự an toàn", "安全性"),
        ("understanding", "Understanding the customer", "Thấu hiểu khách hàng", "了解顾客"),
        ("tangibles", "Tangibles", "Phương tiện hữu hình", "有形性"),
    ),
    "asks": _labels(
        ("perception", "Perception", "Cảm nhận", "感知"),
        ("expectation", "Expectation", "Kỳ vọng", "期望"),
        ("importance", "Importance", "Tầm quan trọng", "重要性"),
    ),
    "grades": _labels(
        ("poor", "Poor", "Kém", "差"),
        ("fair", "Fair", "Trung bình", "一般"),
        ("good", "Good", "Tốt", "好"),
        ("very_good", "Very good", "Rất tốt", "很好"),
    ),
    "survey_kinds": _labels(
        ("touchpoint", "After a touchpoint", "Sau điểm tiếp xúc", "接触后调查"),
        ("sample", "Random sample of customers", "Mẫu ngẫu nhiên khách hàng", "随机抽样调查"),
        ("lost_customer", "Lost customers", "Khách hàng đã mất", "流失顾客调查"),
        ("key_customer", "Key customers", "Khách hàng trọng điểm", "重点顾客调查"),
        ("occasion", "On an occasion (conference, focus group)", "Nhân dịp (hội nghị, nhóm thảo luận)",
         "场合调查（会议、焦点小组）"),
    ),
}  # fmt: skip

_COMPLAINTS: dict[str, dict[str, Labels]] = {
    "severities": _labels(
        ("minor", "Minor", "Nhẹ", "轻微"),
        ("serious", "Serious", "Nghiêm trọng", "严重"),
    ),
    "spotter_roles": _labels(
        ("customer", "Customer", "Khách hàng", "顾客"),
        ("staff", "Staff", "Nhân viên", "员工"),
        ("survey", "Survey", "Khảo sát", "调查"),
        ("system", "Another system", "Hệ thống khác", "其他系统"),
    ),
    "causes": _labels(
        ("expectation_not_met", "Expectation not met", "Kỳ vọng không được đáp ứng", "期望未得到满足"),
        ("customer_product_knowledge", "Customer did not know the product", "Khách hàng chưa hiểu rõ sản phẩm",
         "顾客对产品了解不足"),
        ("already_upset", "Customer was already upset", "Khách hàng đã bực bội từ trước", "顾客原本心情不佳"),
        ("prejudice", "Prejudice", "Định kiến", "成见"),
        ("feels_doubted", "Feels doubted", "Cảm thấy bị nghi ngờ", "感到被怀疑"),
        ("cannot_vent", "Cannot vent", "Không được giãi bày", "不满无处宣泄"),
        ("need_unmet", "Need unmet", "Nhu cầu chưa được đáp ứng", "需求未得到满足"),
        ("lack_of_training", "Lack of training", "Nhân viên thiếu đào tạo", "员工缺乏培训"),
        ("staff_product_knowledge", "Staff did not know the product", "Nhân viên thiếu kiến thức sản phẩm",
         "员工产品知识不足"),
        ("poor_communication", "Poor communication", "Giao tiếp kém", "沟通不良"),
        ("empty_promise", "Empty promise", "Hứa suông", "空头承诺"),
        ("bad_attitude", "Bad attitude", "Thái độ không tốt", "态度恶劣"),
        ("not_listening", "Not listening", "Không lắng nghe", "不倾听"),
        ("slow", "Slow", "Chậm trễ", "行动迟缓"),
        ("careless", "Careless", "Cẩu thả", "粗心大意"),
        ("impatient", "Impatient", "Thiếu kiên nhẫn", "缺乏耐心"),
    ),
    "wants": _labels(
        ("taken_seriously", "To be taken seriously", "Được coi trọng", "受到重视"),
        ("respect", "Respect", "Được tôn trọng", "得到尊重"),
        ("immediate_action", "Immediate action", "Được xử lý ngay", "立即采取行动"),
        ("compensation", "Compensation", "Được bồi thường", "得到补偿"),
        ("fault_dealt_with", "The one at fault dealt with", "Người có lỗi bị xử lý", "责任人受到处理"),
        ("never_again", "Cleared up so that it cannot happen again", "Giải quyết triệt để để không tái diễn",
         "彻底解决，不再发生"),
        ("listened_to", "To be listened to", "Được lắng nghe", "有人倾听"),
        ("gratitude", "Gratitude", "Được cảm ơn", "得到感谢"),
        ("urgency", "Urgency", "Được giải quyết khẩn trương", "得到紧急处理"),
    ),
    "complaint_states": _labels(
        ("open", "Open", "Đang mở", "处理中"),
        ("corrected", "Corrected", "Đã sửa chữa", "已纠正"),
        ("reported", "Reported", "Đã báo cáo", "已报告"),
        ("withdrawn", "Withdrawn", "Đã rút lại", "已撤回"),
    ),
    "complaint_steps": _labels(
        ("spotting", "Spot", "Thấy", "发现"),
        ("acknowledgement", "Acknowledge", "Tiếp nhận", "受理"),
        ("assignment", "Assign", "Phân công", "指派"),
        ("escalation", "Escalate", "Chuyển cấp trên", "升级"),
        ("correction", "Correct", "Sửa chữa", "纠正"),
        ("report", "Report", "Báo cáo", "报告"),
        ("reopening", "Reopen", "Mở lại", "重新打开"),
        ("withdrawal", "Withdraw", "Rút lại", "撤回"),
    ),
}  # fmt: skip

_SCORES: dict[str, dict[str, Labels]] = {
    "levels": _labels(
        ("exceeded", "Expectations exceeded", "Vượt mong đợi", "超出期望"),
        ("met", "Expectations met", "Đáp ứng mong đợi", "达到期望"),
        ("not_met", "Expectations not met", "Chưa đáp ứng mong đợi", "未达到期望"),
    ),
    "tiers": _labels(
        ("advocate", "Advocate", "Khách hàng ủng hộ", "拥护者"),
        ("loyal", "Loyal", "Khách hàng trung thành", "忠诚顾客"),
        ("passive", "Passive", "Khách hàng thụ động", "被动顾客"),
        ("at_risk", "At risk", "Có nguy cơ rời bỏ", "有流失风险"),
        ("lost", "Lost", "Đã mất", "已流失"),
    ),
    "nps_classes": _labels(
        ("promoter", "Promoter (9–10)", "Người ủng hộ (9–10)", "推荐者（9–10）"),
        ("passive", "Passive (7–8)", "Người thụ động (7–8)", "被动者（7–8）"),
        ("detractor", "Detractor (0–6)", "Người không hài lòng (0–6)", "贬损者（0–6）"),
    ),
    "health_cycles": _labels(
        ("failure", "Cycle of failure", "Chu trình thất bại", "失败循环"),
        ("mediocrity", "Cycle of mediocrity", "Chu trình bình thường", "平庸循环"),
        ("success", "Cycle of success", "Chu trình thành công", "成功循环"),
    ),
}

VOCABULARY: dict[str, dict[str, Labels]] = {**_CUSTOMERS, **_CARE, **_COMPLAINTS, **_SCORES}
"""Name of the vocabulary → code → language → label."""
